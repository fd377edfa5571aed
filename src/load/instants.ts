/**
 * An instant or a time that there is none of. Not -1: V8 would take the field for one of integers, and compile all that
 * reads it again at the first fraction.
 */
export const NONE = Number.NEGATIVE_INFINITY;

/** An instant that does not come. */
export const NEVER = Number.POSITIVE_INFINITY;
