/** Whether `3.2.1` is at least `3.2`: versions of numbers and dots; what follows the numbers is ignored, and what has none is the newest. */
export function isAtLeast(version: string, least: string): boolean {
  const [own, wanted] = [numbersOf(version), numbersOf(least)];
  for (const [index, part] of wanted.entries()) {
    const found = own[index] ?? 0;
    if (found !== part) {
      return !(found < part);
    }
  }
  return true;
}

function numbersOf(version: string): readonly number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10));
}
