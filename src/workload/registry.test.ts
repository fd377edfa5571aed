import { expect, test } from 'vitest';
import { UserError } from '../errors.js';
import type { Protocol } from '../plan/plan.js';
import { compileScripts } from './pgbench/compile.js';
import { findWorkload, listWorkloads, parseOptions, resolveWorkload } from './registry.js';
import { buildEvent } from './sysbench/event.js';
import { Slots } from './variables.js';
import type { Script, WorkloadOption } from './workload.js';

test('the built-ins compile for every protocol, and say whether they write', async () => {
  const found: Record<string, boolean> = {};
  for (const { name, options, scripts } of await listWorkloads()) {
    for (const protocol of ['simple', 'extended', 'prepared'] as const) {
      for (const script of scripts) {
        found[name] = writes(script, options, protocol);
      }
    }
  }
  expect(found).toEqual({
    bulk_insert: true,
    oltp_delete: true,
    oltp_insert: true,
    oltp_point_select: false,
    oltp_read_only: false,
    oltp_read_write: true,
    oltp_update_index: true,
    oltp_update_non_index: true,
    oltp_write_only: true,
    scan: false,
    'select-only': false,
    select_random_points: false,
    select_random_ranges: false,
    'simple-update': true,
    tpcb: true,
  });
});

test('what only reads has the read-only route, and what writes has not', async () => {
  for (const { options, scripts } of await listWorkloads()) {
    for (const script of scripts) {
      expect([script.name, script.route]).toEqual([
        script.name,
        writes(script, options, 'prepared') ? 'rw' : 'ro',
      ]);
    }
  }
});

function writes(script: Script, options: readonly WorkloadOption[], protocol: Protocol): boolean {
  const { name } = script;
  if ('text' in script) {
    const variables = options.map((option) => option.name);
    return compileScripts([{ name, text: script.text }], { protocol, variables }).some((each) => each.writes);
  }
  if ('event' in script) {
    const slots = new Slots();
    return buildEvent(script.event, { scriptName: name, options: {}, protocol, slots, seed: 0 }).writes;
  }
  return script.writes;
}

test('a workload is found by its name and by its other names', async () => {
  expect((await findWorkload('tpcb')).name).toBe('tpcb');
  expect((await findWorkload('tpcb-like')).name).toBe('tpcb');
});

test('an unknown workload is answered with the nearest and with all', async () => {
  const error = await findWorkload('selectonly').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain("Did you mean 'select-only'?");
  expect(String(error)).toContain('select_random_ranges, simple-update, tpcb');
});

test('options have their defaults, and text becomes what the option is', async () => {
  const tpcb = await findWorkload('tpcb');
  expect(parseOptions(tpcb, {})).toMatchObject({ scale: 1, 'init-steps': 'dtgvp', 'no-vacuum': false });
  expect(parseOptions(tpcb, { scale: '20' })).toMatchObject({ scale: 20 });
  expect(parseOptions(tpcb, { scale: 3 })).toMatchObject({ scale: 3 });
});

test.each(['0', '1.5', 'ten', '', '-3', 'Infinity', '300000000', '0x2', '1e4'])(
  'a scale of "%s" is refused',
  async (scale) => {
    const tpcb = await findWorkload('tpcb');
    expect(() => parseOptions(tpcb, { scale })).toThrow(
      `--scale: expected a whole number from 1 to 214748364, found '${scale}'.`,
    );
  },
);

test.each([
  ['on', true],
  ['true', true],
  ['1', true],
  ['', true],
  ['off', false],
  ['false', false],
  ['0', false],
])('a boolean of "%s" is %s', async (word, value) => {
  const workload = await findWorkload('oltp_read_write');
  expect(parseOptions(workload, { 'skip-trx': word })).toMatchObject({ 'skip-trx': value });
});

test('a word that an option does not take is refused, with the nearest', async () => {
  const workload = await findWorkload('oltp_read_write');
  expect(() => parseOptions(workload, { 'skip-trx': 'yes' })).toThrow(
    "--skip-trx: expected on or off, found 'yes'.",
  );
  expect(() => parseOptions(workload, { 'rand-type': 'unifrom' })).toThrow(
    "--rand-type: expected one of default, uniform, gaussian, special, pareto, zipfian, found 'unifrom'. Did you mean 'uniform'?",
  );
});

test('an option that the workload does not have is refused', async () => {
  const tpcb = await findWorkload('tpcb');
  expect(() => parseOptions(tpcb, { scales: '1' })).toThrow("no option --scales. Did you mean 'scale'?");
});

test.each(['constructor', 'toString', '__proto__'])(
  'an option called %s is refused where the workload has none, and has its default where it has one',
  async (name) => {
    const tpcb = await findWorkload('tpcb');
    expect(() => parseOptions(tpcb, Object.fromEntries([[name, '3']]))).toThrow(`no option --${name}.`);
    const option = { name, type: 'number', default: 5, summary: '' } as const;
    const own = { ...tpcb, options: [option] };
    expect(Object.entries(parseOptions(own, {}))).toEqual([[name, 5]]);
    expect(Object.entries(parseOptions(own, Object.fromEntries([[name, '3']])))).toEqual([[name, 3]]);
  },
);

test('a schema that there is not is refused, whatever it is called', () => {
  const definition = { name: 'mine', summary: '', schema: 'constructor' as 'pgbench', scripts: [] };
  expect(() => resolveWorkload(definition)).toThrow(
    "The workload mine names the schema 'constructor', which there is not. There is none, pgbench, sysbench, sysbench-bulk, sysbench-insert, sysbench-select.",
  );
});
