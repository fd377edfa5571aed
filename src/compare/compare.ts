import { UserError } from '../errors.js';
import type { NamedResult } from '../result/named.js';
import { findingsOf } from './comparable.js';
import type { Comparison } from './comparison.js';
import { countRows } from './count-rows.js';
import { differencesOf } from './differences.js';
import { roundRows } from './round-rows.js';
import { steadyRows, steadySeconds } from './steady-rows.js';

export interface CompareOptions {
  /** Compare what is not comparable, too: the findings are told beside it. */
  readonly anyway?: boolean;
}

/**
 * Sets results side by side. Reads the logs of response times that lie beside them.
 * @param candidates at least one, each against the base
 * @throws UserError when they are not comparable, unless that is to be passed over
 */
export async function compare(
  base: NamedResult,
  candidates: readonly NamedResult[],
  { anyway = false }: CompareOptions = {},
): Promise<Comparison> {
  const findings = findingsOf(base, candidates);
  if (findings.length > 0 && !anyway) {
    const why = findings.map(({ text }) => text).join(' ');
    throw new UserError(`Not comparable: ${why}`, 'Use --anyway to compare them nevertheless.');
  }
  const results = [base, ...candidates];
  const notes: string[] = [];
  const rounds = roundRows(results, (text) => notes.push(text));
  const seconds = await Promise.all(results.map(steadySeconds));
  const rows = [...rounds, ...countRows(results), ...steadyRows(results, seconds)];
  return {
    base,
    candidates,
    rows: rows.filter(({ figures }) => figures.some(({ value }) => value !== null)),
    findings,
    differences: differencesOf(results),
    notes: [...notes, ...notesOn(results)],
  };
}

function notesOn(results: readonly NamedResult[]): readonly string[] {
  const cutShort = results.filter(({ result }) => result.run.status === 'interrupted');
  return [
    ...cutShort.map(({ name }) => `${name} was interrupted, and holds what was measured until then.`),
    ONE_RUN_EACH,
  ];
}

const ONE_RUN_EACH =
  'Each side is one run: what differs from run to run on the same cluster, such as caches and neighbours, is in no interval.';
