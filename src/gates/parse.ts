import { didYouMean } from '../plan/nearest.js';
import { type Condition, type Gate, OPERATORS, type Operator } from './expression.js';
import { type KnownFigure, readFigure } from './figure.js';
import { Scanner } from './scanner.js';
import { parseValue, VALUE_FORMS } from './values.js';

/**
 * Reads a condition such as `write_downtime.p95 < 10s`; docs/gates.md has the grammar.
 * @throws UserError of several lines: what is wrong, the expression, and a caret under the place
 */
export function parseGate(text: string): Gate {
  const scanner = new Scanner(text);
  const known = readFigure(scanner);
  const condition = readCondition(scanner, known);
  scanner.skipSpace();
  if (!scanner.atEnd) {
    throw scanner.complain(`Expected the end of the condition, found ${scanner.next}.`);
  }
  return { expression: text.trim().replaceAll(/\s+/g, ' '), figure: known.figure, condition };
}

function readCondition(scanner: Scanner, known: KnownFigure): Condition {
  scanner.skipSpace();
  const { at } = scanner;
  if (scanner.take(/not\s+worse(?!\S)/) !== undefined) {
    return notWorse(scanner, known, at);
  }
  const operator = readOperator(scanner);
  scanner.skipSpace();
  const begin = scanner.at;
  const found = scanner.next;
  const text = takeValue(scanner);
  scanner.skipSpace();
  return scanner.take(/of(?!\S)/) === undefined
    ? valueCondition(scanner, known, operator, { text, found, at: begin })
    : shareCondition(scanner, known, operator, { text, found, at: begin });
}

function readOperator(scanner: Scanner): Operator {
  const { at, next } = scanner;
  const word = scanner.take(/[<>=!]+|[^\s\d]+/) ?? '';
  const operator = OPERATORS.find((each) => each === word);
  if (operator === undefined) {
    const meant = word === '=' ? " Did you mean '=='?" : didYouMean(word, ['not worse']);
    throw scanner.complain(
      `Expected one of ${OPERATORS.join(' ')} or 'not worse'; found ${next}.${meant}`,
      at,
    );
  }
  return operator;
}

interface Written {
  readonly text: string;
  /** For messages. */
  readonly found: string;
  readonly at: number;
}

/** `10s`, and `10 s` as the reports write it. */
function takeValue(scanner: Scanner): string {
  const text = scanner.take(/\S+/) ?? '';
  const unit = /^[\d.]+$/.test(text)
    ? scanner.take(/\s+(?:%|h|m|min|s|ms|us|µs|μs|tps|B|kB|MB|GB|TB)(?!\S)/)
    : undefined;
  return `${text}${unit?.trim() ?? ''}`;
}

function valueCondition(
  scanner: Scanner,
  { metric }: KnownFigure,
  operator: Operator,
  { text, found, at }: Written,
): Condition {
  const value = parseValue(text, metric.unit);
  if (value === undefined) {
    throw scanner.complain(`${metric.name}: expected ${VALUE_FORMS[metric.unit]}, found ${found}.`, at);
  }
  return { kind: 'value', operator, value };
}

const REFERENCES = ['before', 'baseline'] as const;

function shareCondition(
  scanner: Scanner,
  { metric, figure }: KnownFigure,
  operator: Operator,
  { text, found, at }: Written,
): Condition {
  const percent = parseValue(text, 'percent');
  if (percent === undefined) {
    throw scanner.complain(`Expected a share such as 95% in front of 'of', found ${found}.`, at);
  }
  scanner.skipSpace();
  const place = scanner.at;
  const { next } = scanner;
  const word = scanner.take(/\S+/) ?? '';
  const of = REFERENCES.find((each) => each === word);
  if (of === undefined) {
    throw scanner.complain(
      `Expected 'before' or 'baseline' behind 'of', found ${next}.${didYouMean(word, REFERENCES)}`,
      place,
    );
  }
  if (of === 'before' && !metric.phases) {
    throw scanner.complain(`${metric.name} is not told by phase, so there is none of it before.`, place);
  }
  if (of === 'before' && figure.phase === 'before') {
    throw scanner.complain(`${metric.name}@before would be compared with itself.`, place);
  }
  if (of === 'before' && figure.part !== null) {
    throw scanner.complain(
      `${metric.name} is told by phase for the load as a whole: leave '[${figure.part}]' out.`,
      place,
    );
  }
  return { kind: 'share', operator, percent, of };
}

/** A shift of the whole distribution is what the test tells of: of no percentile but the middle. */
function notWorse(scanner: Scanner, { metric, figure }: KnownFigure, at: number): Condition {
  if (metric.perRound === null) {
    throw scanner.complain(
      `'not worse' is told by ranks over rounds, and ${metric.name} has no figure of each round. Say how much it may change, as in '${metric.name} ${metric.better === 'more' ? '>= 95%' : '<= 105%'} of baseline'.`,
      at,
    );
  }
  if (figure.statistic !== null && figure.statistic !== 'median') {
    throw scanner.complain(
      `'not worse' compares all rounds of both, not '${figure.statistic}': write '${metric.name}.median not worse'.`,
      at,
    );
  }
  return { kind: 'not_worse' };
}
