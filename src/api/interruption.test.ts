import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { UserError } from '../errors.js';
import { isInterruption } from './interruption.js';
import { UnwrittenResult } from './outcome.js';

const aborted = AbortSignal.abort();

describe('isInterruption', () => {
  it.each([
    ["the signal's reason", aborted.reason],
    ['what Node makes of a signal', Object.assign(new Error('aborted'), { name: 'AbortError' })],
    ['a connection that was dropped', new UserError('Could not connect to db:5432.')],
    ['one of these behind another error', new Error('no answer', { cause: aborted.reason })],
  ])('knows %s', (_, error) => {
    expect(isInterruption(error, aborted)).toBe(true);
    expect(isInterruption(error, new AbortController().signal)).toBe(false);
    expect(isInterruption(error, undefined)).toBe(false);
  });

  it.each([
    ['a result that could not be written', new UnwrittenResult('No space.', sampleOf('interrupted').result)],
    ['a bug', new TypeError('undefined is not a function')],
    ['what is no error', 'oops'],
  ])('does not take %s for one', (_, error) => {
    expect(isInterruption(error, aborted)).toBe(false);
  });
});
