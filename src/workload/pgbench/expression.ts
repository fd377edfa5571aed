/** An expression of a script as it was written; {@link ./evaluate.ts} makes it run. `at` is its offset in the source. */
export type Expression =
  | { readonly kind: 'null'; readonly at: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: number }
  | { readonly kind: 'integer'; readonly value: bigint; readonly at: number }
  | { readonly kind: 'double'; readonly value: number; readonly at: number }
  | { readonly kind: 'variable'; readonly name: string; readonly at: number }
  /** Operators and functions; {@link ./functions.ts} has all of them. */
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      readonly at: number;
    }
  | {
      readonly kind: 'case';
      readonly arms: readonly { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise: Expression;
      readonly at: number;
    };
