import type { Expression } from './expression.js';
import { INT64_MIN_MAGNITUDE, nextToken, type Token } from './expression-lexer.js';
import { checkArguments, isFunction } from './functions.js';
import { ScriptError, type ScriptSource } from './script-error.js';

/**
 * Parses the expression that starts at `offset` and reaches to the end of its line.
 * @returns the expression and the offset of the end of the line
 */
export function parseExpression(
  source: ScriptSource,
  offset: number,
): { expression: Expression; end: number } {
  const parser = new Parser(source, offset);
  const expression = parser.expression(LOWEST);
  return { expression, end: parser.end() };
}

/** Deeper ones are refused before they exhaust the stack: theirs and that of their evaluation. */
const MAX_DEPTH = 1000;

const LOWEST = 1;
const NOT = 3;
const IS = 4;
const COMPARISON = 5;
const BIT = 6;
const UNARY = 9;

/** Operators by their precedence, from low to high. `call` is the function of functions.ts that it becomes. */
const BINARY: ReadonlyMap<
  string,
  { readonly level: number; readonly call: string; readonly swapped?: true }
> = new Map([
  ['or', { level: 1, call: '!or' }],
  ['and', { level: 2, call: '!and' }],
  ['<', { level: COMPARISON, call: '<' }],
  ['<=', { level: COMPARISON, call: '<=' }],
  // The operands are swapped, and so is the order of their evaluation, which matters to random().
  ['>', { level: COMPARISON, call: '<', swapped: true }],
  ['>=', { level: COMPARISON, call: '<=', swapped: true }],
  ['=', { level: COMPARISON, call: '=' }],
  ['<>', { level: COMPARISON, call: '<>' }],
  ['!=', { level: COMPARISON, call: '<>' }],
  ['|', { level: BIT, call: '|' }],
  ['#', { level: BIT, call: '#' }],
  ['&', { level: BIT, call: '&' }],
  ['<<', { level: BIT, call: '<<' }],
  ['>>', { level: BIT, call: '>>' }],
  ['+', { level: 7, call: '+' }],
  ['-', { level: 7, call: '-' }],
  ['*', { level: 8, call: '*' }],
  ['/', { level: 8, call: '/' }],
  ['%', { level: 8, call: 'mod' }],
]);

const KEYWORDS = new Set('and or not case when then else end is isnull notnull null true false'.split(' '));

/** Precedence climbing. */
class Parser {
  private token: Token;
  private behind: number;
  /** Depth of each node that was made: chains of operators make deep trees without deep recursion. */
  private readonly depths = new Map<Expression, number>();
  private nesting = 0;

  constructor(
    private readonly source: ScriptSource,
    offset: number,
  ) {
    const next = nextToken(source, offset);
    this.token = next.token;
    this.behind = next.end;
  }

  /** Nothing may follow; the offset of the end of the line. */
  end(): number {
    if (this.token.kind !== 'end') {
      throw this.unexpected('an operator or the end of the line');
    }
    return this.token.at;
  }

  expression(minimum: number): Expression {
    this.nesting += 1;
    if (this.nesting > MAX_DEPTH) {
      throw this.error(this.token.at, `the expression is nested more than ${MAX_DEPTH} levels deep`);
    }
    let left = this.prefix();
    for (;;) {
      const operator = this.operator();
      if (operator === 'is' || operator === 'isnull' || operator === 'notnull') {
        if (IS < minimum) {
          break;
        }
        left = this.is(left, operator);
        continue;
      }
      const binary = operator === undefined ? undefined : BINARY.get(operator);
      if (binary === undefined || binary.level < minimum) {
        break;
      }
      left = this.binary(left, binary);
    }
    this.nesting -= 1;
    return left;
  }

  private binary(
    left: Expression,
    { level, call, swapped }: { level: number; call: string; swapped?: true },
  ): Expression {
    const { at } = this.token;
    this.advance();
    const right = this.expression(level + 1);
    if (level === COMPARISON) {
      const next = this.operator();
      if (next !== undefined && BINARY.get(next)?.level === COMPARISON) {
        throw this.error(this.token.at, 'comparisons do not chain; use parentheses or AND');
      }
    }
    return this.call(call, swapped ? [right, left] : [left, right], at);
  }

  private is(operand: Expression, operator: 'is' | 'isnull' | 'notnull'): Expression {
    const { at } = this.token;
    this.advance();
    let negated = operator === 'notnull';
    let against: 'null' | 'true' | 'false' = 'null';
    if (operator === 'is') {
      negated = this.takeWord('not');
      if (this.takeWord('true')) {
        against = 'true';
      } else if (this.takeWord('false')) {
        against = 'false';
      } else if (!this.takeWord('null')) {
        throw this.unexpected('NULL, TRUE or FALSE behind IS');
      }
    }
    const test = this.call(`!is ${against}`, [operand], at);
    return negated ? this.call('!not', [test], at) : test;
  }

  private prefix(): Expression {
    const { token } = this;
    if (token.kind === 'symbol') {
      return this.prefixSymbol(token.symbol, token.at);
    }
    if (token.kind === 'word') {
      return this.prefixWord(token.word, token.at);
    }
    if (token.kind === 'end') {
      throw this.unexpected('an expression');
    }
    this.advance();
    if (token.kind === 'integer' && token.value === INT64_MIN_MAGNITUDE) {
      throw this.error(token.at, `${token.value} is beyond the range of a 64-bit integer`);
    }
    return this.grown(token, []);
  }

  private prefixSymbol(symbol: string, at: number): Expression {
    switch (symbol) {
      case '(': {
        this.advance();
        const inner = this.expression(LOWEST);
        this.expectSymbol(')', 'a closing parenthesis');
        return inner;
      }
      case '+':
        this.advance();
        return this.expression(UNARY);
      case '-':
        this.advance();
        if (this.token.kind === 'integer' && this.token.value === INT64_MIN_MAGNITUDE) {
          this.advance();
          return this.grown({ kind: 'integer', value: -INT64_MIN_MAGNITUDE, at }, []);
        }
        return this.call(
          '-',
          [this.grown({ kind: 'integer', value: 0n, at }, []), this.expression(UNARY)],
          at,
        );
      case '~':
        this.advance();
        // It binds as the binary operators of bits do: ~ 1 + 2 is ~ 3.
        return this.call(
          '#',
          [this.grown({ kind: 'integer', value: -1n, at }, []), this.expression(BIT + 1)],
          at,
        );
      default:
        throw this.unexpected('an expression');
    }
  }

  private prefixWord(word: string, at: number): Expression {
    switch (word) {
      case 'not':
        this.advance();
        return this.call('!not', [this.expression(NOT)], at);
      case 'case':
        this.advance();
        return this.caseExpression(at);
      case 'null':
        this.advance();
        return this.grown({ kind: 'null', at }, []);
      case 'true':
      case 'false':
        this.advance();
        return this.grown({ kind: 'boolean', value: word === 'true', at }, []);
      default:
        if (KEYWORDS.has(word)) {
          throw this.unexpected('an expression');
        }
        return this.functionCall(word, at);
    }
  }

  private functionCall(name: string, at: number): Expression {
    if (!isFunction(name)) {
      throw this.error(at, `there is no function "${name}"`);
    }
    this.advance();
    this.expectSymbol('(', `an opening parenthesis behind "${name}"`);
    const args: Expression[] = [];
    if (!this.isSymbol(')')) {
      args.push(this.expression(LOWEST));
      while (this.isSymbol(',')) {
        this.advance();
        args.push(this.expression(LOWEST));
      }
    }
    this.expectSymbol(')', 'a comma or a closing parenthesis');
    const problem = checkArguments(name, args.length);
    if (problem !== undefined) {
      throw this.error(at, problem);
    }
    return this.call(name, args, at);
  }

  private caseExpression(at: number): Expression {
    const arms: { when: Expression; result: Expression }[] = [];
    while (this.takeWord('when')) {
      const when = this.expression(LOWEST);
      this.expectWord('then');
      arms.push({ when, result: this.expression(LOWEST) });
    }
    if (arms.length === 0) {
      throw this.unexpected('WHEN behind CASE');
    }
    const otherwise: Expression = this.takeWord('else')
      ? this.expression(LOWEST)
      : this.grown({ kind: 'null', at: this.token.at }, []);
    this.expectWord('end');
    const parts = arms.flatMap(({ when, result }) => [when, result]);
    return this.grown({ kind: 'case', arms, otherwise, at }, [...parts, otherwise]);
  }

  private call(name: string, args: readonly Expression[], at: number): Expression {
    return this.grown({ kind: 'call', name, args, at }, args);
  }

  /** Refuses trees that are too deep to walk by recursion. */
  private grown(node: Expression, parts: readonly Expression[]): Expression {
    let depth = 1;
    for (const part of parts) {
      depth = Math.max(depth, (this.depths.get(part) ?? 0) + 1);
    }
    if (depth > MAX_DEPTH) {
      throw this.error(node.at, `the expression is nested more than ${MAX_DEPTH} levels deep`);
    }
    this.depths.set(node, depth);
    return node;
  }

  /** The operator that the next token is, if it is one. */
  private operator(): string | undefined {
    if (this.token.kind === 'symbol') {
      return this.token.symbol;
    }
    return this.token.kind === 'word' ? this.token.word : undefined;
  }

  private isSymbol(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.symbol === symbol;
  }

  private expectSymbol(symbol: string, expected: string): void {
    if (!this.isSymbol(symbol)) {
      throw this.unexpected(expected);
    }
    this.advance();
  }

  private takeWord(word: string): boolean {
    if (this.token.kind !== 'word' || this.token.word !== word) {
      return false;
    }
    this.advance();
    return true;
  }

  private expectWord(word: string): void {
    if (!this.takeWord(word)) {
      throw this.unexpected(word.toUpperCase());
    }
  }

  private advance(): void {
    const next = nextToken(this.source, this.behind);
    this.token = next.token;
    this.behind = next.end;
  }

  private unexpected(expected: string): ScriptError {
    const { token } = this;
    const found =
      token.kind === 'end' ? 'the line ends' : `found "${this.source.text.slice(token.at, this.behind)}"`;
    return this.error(token.at, `expected ${expected}, but ${found}`);
  }

  private error(at: number, problem: string): ScriptError {
    return new ScriptError(this.source, at, problem);
  }
}
