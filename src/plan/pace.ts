import { UserError } from '../errors.js';
import { parseDuration, parseNumber } from '../units.js';
import type { Pace, Stage } from './plan.js';

/** The text of an option, undefined where it was not given. */
export type OptionText = (name: string) => string | undefined;

/** @throws UserError on a rate of 0, on a stage that is empty, and on both --rate and --stages */
export function readPace(text: OptionText): Pace {
  const rate = text('rate');
  const stages = text('stages');
  if (rate !== undefined && stages !== undefined) {
    throw new UserError('--stages says the rate, so that --rate has no place.', 'Leave one of them out.');
  }
  if (stages !== undefined) {
    return { kind: 'open', stages: parseStages(stages) };
  }
  if (rate === undefined) {
    return { kind: 'closed' };
  }
  const tps = parseTps(rate, '--rate', 'Leave it out to go as fast as the target answers.');
  return { kind: 'open', stages: [{ durationMs: null, fromTps: tps, toTps: tps }] };
}

const STAGE_FORM = 'LENGTH:RATE or LENGTH:RATE..RATE, such as 30s:200 or 30s:200..2000';

/** `30s:200,60s:200..2000`. @throws UserError that names the stage */
export function parseStages(text: string): readonly Stage[] {
  return text.split(',').map((part, index) => parseStage(part.trim(), `--stages: stage ${index + 1}`));
}

function parseStage(text: string, what: string): Stage {
  if (text === '') {
    throw new UserError(`${what} is empty; expected ${STAGE_FORM}.`);
  }
  const match = /^([^:]+):([^:]+)$/.exec(text);
  const [, length = '', rates = ''] = match ?? [];
  const [from = '', to = from, more] = rates.split('..');
  if (match === null || more !== undefined) {
    throw new UserError(`${what}: expected ${STAGE_FORM}, found '${text}'.`);
  }
  const durationMs = parseDuration(length, what);
  if (durationMs === 0) {
    throw new UserError(`${what}: expected a length of more than 0, found '${text}'.`);
  }
  const hint = 'A ramp may begin or end at 1.';
  return { durationMs, fromTps: parseTps(from, what, hint), toTps: parseTps(to, what, hint) };
}

function parseTps(text: string, what: string, hint: string): number {
  const tps = parseNumber(text, what);
  if (tps <= 0) {
    throw new UserError(`${what}: expected a rate of more than 0 a second, found '${text}'.`, hint);
  }
  return tps;
}
