export class Variables {}
