/** A value and the line of its file that it stands in, from 1. */
export interface Located<Value> {
  readonly value: Value;
  readonly line: number;
}

/** `patroni.yml:12`, as editors understand it; without a line where the thing is missing from the file. */
export function place(file: { readonly path: string }, at?: { readonly line: number } | null): string {
  return at === undefined || at === null ? file.path : `${file.path}:${at.line}`;
}
