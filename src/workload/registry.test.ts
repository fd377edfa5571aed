import { expect, test } from 'vitest';
import { UserError } from '../errors.js';
import { compileScripts } from './pgbench/compile.js';
import { findWorkload, listWorkloads, parseOptions, resolveWorkload } from './registry.js';

test('the built-ins compile for every protocol, and say whether they write', async () => {
  const found: Record<string, boolean> = {};
  for (const { name, options, scripts } of await listWorkloads()) {
    const sources = scripts.map((script) => ({ name: script.name, text: script.text }));
    const variables = options.map((option) => option.name);
    for (const protocol of ['simple', 'extended', 'prepared'] as const) {
      found[name] = compileScripts(sources, { protocol, variables }).some((script) => script.writes);
    }
  }
  expect(found).toEqual({ 'select-only': false, 'simple-update': true, tpcb: true });
});

test('a workload is found by its name and by its other names', async () => {
  expect((await findWorkload('tpcb')).name).toBe('tpcb');
  expect((await findWorkload('tpcb-like')).name).toBe('tpcb');
});

test('an unknown workload is answered with the nearest and with all', async () => {
  const error = await findWorkload('selectonly').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain("Did you mean 'select-only'?");
  expect(String(error)).toContain('select-only, simple-update, tpcb');
});

test('options have their defaults, and text becomes what the option is', async () => {
  const tpcb = await findWorkload('tpcb');
  expect(parseOptions(tpcb, {})).toEqual({ scale: 1 });
  expect(parseOptions(tpcb, { scale: '20' })).toEqual({ scale: 20 });
  expect(parseOptions(tpcb, { scale: 3 })).toEqual({ scale: 3 });
});

test.each(['0', '1.5', 'ten', '', '-3', 'Infinity', '300000000'])(
  'a scale of "%s" is refused',
  async (scale) => {
    const tpcb = await findWorkload('tpcb');
    expect(() => parseOptions(tpcb, { scale })).toThrow(
      `--scale: expected a whole number of at least 1 and at most 214748364, found '${scale}'.`,
    );
  },
);

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
    "The workload mine names the schema 'constructor', which there is not. There is pgbench.",
  );
});
