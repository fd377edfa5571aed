/** One in so many is slower: 10 at 90 %, 100 at 99 %; the slowest of all stands where one of all would. */
export function rarityOf(percent: number, count: number): number {
  return percent >= 100 ? Math.max(2, count) : Math.min(Math.max(2, count), 100 / (100 - percent));
}

/** `99.9 %` of one in thousand. */
export function percentOf(rarity: number): string {
  const percent = 100 - 100 / rarity;
  const decimals = Math.max(0, Math.min(6, Math.ceil(Math.log10(rarity)) - 2));
  return `${percent.toFixed(decimals)} %`;
}
