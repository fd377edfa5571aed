import { expect, test } from 'vitest';
import { UserError } from '../../errors.js';
import { RandomStream } from '../random/stream.js';
import { findWorkload, parseOptions } from '../registry.js';
import { settingsOf } from './options.js';
import { special, uniform } from './random.js';

test('the defaults are those of sysbench', async () => {
  expect(parseOptions(await findWorkload('oltp_read_write'), {})).toEqual({
    tables: 1,
    'table-size': 10000,
    'range-size': 100,
    'point-selects': 10,
    'simple-ranges': 1,
    'sum-ranges': 1,
    'order-ranges': 1,
    'distinct-ranges': 1,
    'index-updates': 1,
    'non-index-updates': 1,
    'delete-inserts': 1,
    'range-selects': true,
    'auto-inc': true,
    'skip-trx': false,
    secondary: false,
    'create-secondary': true,
    'create-table-options': '',
    reconnect: 0,
    'db-ps-mode': 'auto',
    'rand-type': 'default',
    'rand-spec-iter': 12,
    'rand-spec-pct': 1,
    'rand-spec-res': 75,
    'rand-pareto-h': 0.2,
    'rand-zipfian-exp': 0.8,
    sysbench: '1.0',
  });
});

test('select_random_… have options of their own beside', async () => {
  const points = parseOptions(await findWorkload('select_random_points'), {});
  const ranges = parseOptions(await findWorkload('select_random_ranges'), {});
  expect(points).toMatchObject({ 'random-points': 10, tables: 1 });
  expect(ranges).toMatchObject({ 'number-of-ranges': 10, delta: 5, tables: 1 });
  expect(Object.keys(parseOptions(await findWorkload('bulk_insert'), {}))).toEqual(['threads', 'sysbench']);
});

test('an event of somebody else, without options, has the same defaults', async () => {
  const parsed = settingsOf(parseOptions(await findWorkload('select_random_points'), {}));
  const { draw: _, ...settings } = settingsOf({});
  expect(parsed).toMatchObject(settings);
});

/** The first draws tell the distribution. */
function drawn(options: Record<string, string>): readonly number[] {
  const random = RandomStream.fromSeed(1n);
  const { draw } = settingsOf(options);
  return Array.from({ length: 20 }, () => draw(random, 1, 1000));
}

test('the default distribution is that of the version', () => {
  const draws = (draw: typeof uniform): readonly number[] => {
    const random = RandomStream.fromSeed(1n);
    return Array.from({ length: 20 }, () => draw(random, 1, 1000));
  };
  const expected = special({ iterations: 12, percent: 1, reserved: 75 });
  expect(drawn({})).toEqual(draws(expected));
  expect(drawn({ sysbench: '1.0.20' })).toEqual(draws(expected));
  expect(drawn({ sysbench: '1.1' })).toEqual(draws(uniform));
});

test.each([
  [{ 'rand-type': 'zipfian' }, "--rand-type: sysbench 1.0 has no distribution 'zipfian'."],
  [{ 'rand-type': 'special', sysbench: '1.1' }, "--rand-type: sysbench 1.1 has no distribution 'special'."],
  [{ reconnect: 5 }, '--reconnect: sysbench 1.0 has no such option. Leave it out, or give --sysbench 1.1.'],
  [{ reconnect: 5, sysbench: '1.0.20' }, '--reconnect: sysbench 1.0.20 has no such option.'],
  [{ 'create-table-options': 'x' }, '--create-table-options: sysbench 1.0 has no such option.'],
  [{ 'rand-zipfian-exp': 1.2 }, '--rand-zipfian-exp: sysbench 1.0 has no such option.'],
  [{ 'rand-spec-res': 50, sysbench: '1.1' }, '--rand-spec-res: sysbench 1.1 has no such option.'],
  [{ 'rand-spec-iter': 3, sysbench: '1.1' }, '--rand-spec-iter: sysbench 1.1 has no such option.'],
  [{ 'rand-type': 'pareto', 'rand-pareto-h': 1 }, '--rand-pareto-h: expected a number between 0 and 1'],
])('%o is refused', (options, message) => {
  expect(() => settingsOf(options)).toThrow(UserError);
  expect(() => settingsOf(options)).toThrow(message);
});

test.each([
  { 'rand-type': 'zipfian', 'rand-zipfian-exp': 1.2, reconnect: 3, sysbench: '1.1' },
  { 'rand-type': 'special', 'rand-spec-res': 50 },
  { 'rand-type': 'gaussian', sysbench: '1.1' },
])('%o is taken', (options) => {
  expect(() => settingsOf(options)).not.toThrow();
});
