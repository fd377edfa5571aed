import { UserError } from '../errors.js';

/** `KIND[:part,…][@TIME]`, taken apart: what the words mean is not looked at here. */
export interface FaultWords {
  readonly kind: string;
  readonly parts: readonly FaultPart[];
  /** Undefined without one. */
  readonly time: string | undefined;
}

export interface FaultPart {
  /** What stands before the =, null where there is none. */
  readonly name: string | null;
  readonly value: string;
  readonly isQuoted: boolean;
}

/** @throws UserError where it has not this form */
export function readFault(text: string): FaultWords {
  const [kind = ''] = /^[^:@]*/.exec(text) ?? [];
  if (kind === '') {
    throw new UserError(
      `--fault: expected KIND[:option=value]@TIME, such as switchover@20s, found '${text}'.`,
    );
  }
  const rest = text.slice(kind.length);
  if (!rest.startsWith(':')) {
    return { kind, parts: [], time: rest === '' ? undefined : rest.slice(1) };
  }
  return { kind, ...readParts(rest.slice(1), text) };
}

/** `name=`, in front of a value. */
const NAME = /^([A-Za-z_][\w.-]*)=/;

/** @param whole for messages */
function readParts(text: string, whole: string): Omit<FaultWords, 'kind'> {
  const parts: FaultPart[] = [];
  let rest = text;
  for (;;) {
    const name = NAME.exec(rest)?.[1] ?? null;
    const valueText = name === null ? rest : rest.slice(name.length + 1);
    const { value, behind, isQuoted } = readValue(valueText, whole);
    if (behind.startsWith(',')) {
      parts.push({ name, value, isQuoted });
      rest = behind.slice(1);
      continue;
    }
    if (isQuoted) {
      return { parts: [...parts, { name, value, isQuoted }], time: timeBehind(behind) };
    }
    const last = withoutTime(value);
    return { parts: [...parts, { name, value: last.value, isQuoted }], time: last.time };
  }
}

/** A value, and what follows it; an unquoted one still holds the time, if it is the last. */
function readValue(text: string, whole: string): { value: string; behind: string; isQuoted: boolean } {
  const quote = text[0];
  if (quote !== "'" && quote !== '"') {
    const [value = ''] = /^[^,]*/.exec(text) ?? [];
    return { value, behind: text.slice(value.length), isQuoted: false };
  }
  // A quote within stands twice.
  const quoted = quote === "'" ? /^'((?:[^']|'')*)'(?!')/.exec(text) : /^"((?:[^"]|"")*)"(?!")/.exec(text);
  if (quoted === null) {
    throw new UserError(
      `--fault: expected a closing ${quote} in '${whole}', found none.`,
      'A quote within stands twice.',
    );
  }
  const [all, inner = ''] = quoted;
  const behind = text.slice(all.length);
  if (behind !== '' && !/^[,@]/.test(behind)) {
    throw new UserError(
      `--fault: expected , or @TIME behind the quoted value in '${whole}', found '${behind}'.`,
      'A quote within stands twice.',
    );
  }
  return { value: inner.replaceAll(quote + quote, quote), behind, isQuoted: true };
}

function timeBehind(text: string): string | undefined {
  return text === '' ? undefined : text.slice(1);
}

/**
 * The time stands behind the last @, if that is one: `exec:ssh root@db` has none. What begins as a number is meant as
 * one, so that a mistake in it is not taken for a part of the value.
 */
function withoutTime(text: string): { value: string; time: string | undefined } {
  const at = text.lastIndexOf('@');
  const behind = text.slice(at + 1);
  if (at < 0 || !(behind === '' || /^[\d.+-]/.test(behind))) {
    return { value: text, time: undefined };
  }
  return { value: text.slice(0, at), time: behind };
}
