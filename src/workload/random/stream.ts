export class RandomStream {}
