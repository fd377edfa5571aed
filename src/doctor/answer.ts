import { messageOf } from '../errors.js';

/** What was asked, or why nobody knows. */
export type Answer<T> = { readonly value: T } | { readonly unknown: string };

/** A question that must be answered by then: a doctor that hangs is of no use. */
export const PATIENCE_MS = 2500;

/** @param question is told when nobody waits for it any more */
export async function answerOf<T>(
  question: (signal: AbortSignal) => Promise<T>,
  withinMs: number = PATIENCE_MS,
): Promise<Answer<T>> {
  const control = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer<T>>((resolve) => {
    timer = setTimeout(() => {
      resolve({ unknown: `no answer within ${withinMs / 1000} s` });
      control.abort();
    }, withinMs);
  });
  const asked = question(control.signal).then(
    (value): Answer<T> => ({ value }),
    (error: unknown): Answer<T> => ({ unknown: messageOf(error) }),
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer, null where nobody knows. */
export function known<T>(answer: Answer<T>): T | null {
  return 'value' in answer ? answer.value : null;
}

/** Looks at an answer; where there is none, that is why the check was not made. */
export function given<T, R>(answer: Answer<T>, look: (value: T) => R): R | string {
  return 'value' in answer ? look(answer.value) : answer.unknown;
}

/** Looks at two answers. */
export function givenBoth<T, U, R>(one: Answer<T>, other: Answer<U>, look: (a: T, b: U) => R): R | string {
  return 'value' in one ? given(other, (b) => look(one.value, b)) : one.unknown;
}

/** Something that was asked of each of several. */
export interface Asked<T> {
  readonly name: string;
  readonly answer: Answer<T>;
}

/**
 * Looks at each that answered. Where nothing is wrong with those and others did not answer, the check was not made.
 */
export function each<T, C>(
  asked: readonly Asked<T>[],
  look: (value: T, name: string) => readonly C[],
): readonly C[] | string {
  const found = asked.flatMap(({ name, answer }) => ('value' in answer ? look(answer.value, name) : []));
  return found.length > 0 ? found : (firstUnknown(asked) ?? found);
}

/** Why the first that did not answer did not; null when all did. */
export function firstUnknown(asked: readonly Asked<unknown>[]): string | null {
  for (const { name, answer } of asked) {
    if ('unknown' in answer) {
      return `${name}: ${answer.unknown}`;
    }
  }
  return null;
}
