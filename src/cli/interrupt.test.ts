import { afterEach, expect, it, vi } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { UnwrittenResult } from '../api/outcome.js';
import { UserError } from '../errors.js';
import { endOf } from './interrupt.js';

const aborted = AbortSignal.abort();

afterEach(() => vi.restoreAllMocks());

function listen(): readonly string[] {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  return said;
}

it('says that the result of an interrupted run could not be written', () => {
  const said = listen();
  const message = 'The result could not be written to out: no space left.';
  const error = new UnwrittenResult(message, sampleOf('interrupted').result);
  expect(endOf(error, aborted)).toBe(130);
  expect(said).toEqual([`pgha-bench: ${message}\n`]);
  // Of a run that was not interrupted main() tells.
  expect(() => endOf(error, new AbortController().signal)).toThrow(error);
});

it('says nothing more of what the interruption itself brought about', () => {
  const said = listen();
  expect(endOf(aborted.reason, aborted)).toBe(130);
  expect(endOf(new UserError('Interrupted.'), aborted)).toBe(130);
  expect(said).toEqual([]);
});

it('lets no bug vanish behind an interruption', () => {
  const bug = new TypeError('undefined is not a function');
  expect(() => endOf(bug, aborted)).toThrow(bug);
});
