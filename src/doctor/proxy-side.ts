/** Whom the clients of a proxy are to get. */
export type Side = 'rw' | 'ro';

const WRITES = /^(rw|readwrite|primary|master|leader|writes?|writer)$/;
const READS = /^(ro|readonly|replicas?|reads?|standbys?|secondary|slaves?|a?sync)$/;

/**
 * By names that people give to a proxy and what leads to it: HAProxy's names have no form, so their words tell.
 * @returns null where they say nothing, or both
 */
export function sideByName(...names: readonly string[]): Side | null {
  const words = names.flatMap((name) =>
    name
      .toLowerCase()
      .replace(/read[^a-z]?(write|only)/g, ' read$1 ')
      .split(/[^a-z]+/),
  );
  const reads = words.some((word) => READS.test(word));
  const writes = words.some((word) => WRITES.test(word));
  return reads === writes ? null : writes ? 'rw' : 'ro';
}
