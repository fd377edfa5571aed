import { messageOf } from '../errors.js';

/** Does all of them at the same time, and to the end of each. @throws Error with the messages of those that failed */
export async function atOnce<T>(parts: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  return resultsOf(await Promise.allSettled(parts.map((part) => part())));
}

/** Does one after the other; one that fails does not keep the others. @throws Error with the messages of those that failed */
export async function inTurn<T>(parts: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const ends: PromiseSettledResult<T>[] = [];
  for (const part of parts) {
    ends.push(...(await Promise.allSettled([part()])));
  }
  return resultsOf(ends);
}

function resultsOf<T>(ends: readonly PromiseSettledResult<T>[]): readonly T[] {
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [messageOf(end.reason)] : []));
  if (failures.length > 0) {
    throw new Error(failures.join('; '));
  }
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
}
