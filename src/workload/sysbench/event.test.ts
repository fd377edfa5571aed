import { expect, test } from 'vitest';
import { UserError } from '../../errors.js';
import type { Protocol } from '../../plan/plan.js';
import type { Program, ScriptContext } from '../program.js';
import { Slots } from '../variables.js';
import type { OptionValues } from '../workload.js';
import { buildEvent, countsOf, GROUP_NAMES } from './event.js';
import { contextOf, textOf, walk } from './execute.fixture.js';

function build(
  groups: readonly string[],
  options: OptionValues = {},
  protocol: Protocol = 'prepared',
): Program & { readonly writes: boolean } {
  return buildEvent(groups, { scriptName: 'mine', options, protocol, slots: new Slots(), seed: 1 });
}

/** The statements of one event as text, with their values. */
async function sent(program: Program, context: ScriptContext): Promise<readonly string[]> {
  const texts: string[] = [];
  await walk(program, context, (index) => {
    const statement = program.statements[index];
    if (statement === undefined) {
      throw new Error(`There is no statement ${index}.`);
    }
    const values = statement.parameters.map((slot) => context.variables.text(slot));
    const text = statement.simple === true ? textOf(statement, context.variables) : statement.text;
    texts.push(text.replace(/\$(\d+)/g, (_, number) => `{${values[Number(number) - 1]}}`));
    return undefined;
  });
  return texts;
}

const READ_WRITE = [
  'begin',
  'point_selects',
  'simple_ranges',
  'sum_ranges',
  'order_ranges',
  'distinct_ranges',
  'index_updates',
  'non_index_updates',
  'delete_inserts',
  'commit',
];

test('an event of oltp_read_write', async () => {
  const program = build(READ_WRITE, { 'point-selects': 2, 'table-size': 1, 'range-size': 50 });
  const texts = await sent(program, contextOf(program));
  const named = texts.map((text) =>
    text.replace(/\{(\d{11}-){9}\d{11}\}/, '{c}').replace(/\{(\d{11}-){4}\d{11}\}/, '{pad}'),
  );
  expect(named).toEqual([
    'BEGIN',
    'SELECT c FROM sbtest1 WHERE id={1}',
    'SELECT c FROM sbtest1 WHERE id={1}',
    'SELECT c FROM sbtest1 WHERE id BETWEEN {1} AND {50}',
    'SELECT SUM(k) FROM sbtest1 WHERE id BETWEEN {1} AND {50}',
    'SELECT c FROM sbtest1 WHERE id BETWEEN {1} AND {50} ORDER BY c',
    'SELECT DISTINCT c FROM sbtest1 WHERE id BETWEEN {1} AND {50} ORDER BY c',
    'UPDATE sbtest1 SET k=k+1 WHERE id={1}',
    'UPDATE sbtest1 SET c={c} WHERE id={1}',
    'DELETE FROM sbtest1 WHERE id={1}',
    'INSERT INTO sbtest1 (id, k, c, pad) VALUES ({1}, {1}, {c}, {pad})',
    'COMMIT',
  ]);
  expect(program.statements.map(({ verb }) => verb)).toEqual([
    'begin',
    ...['read', 'read', 'read', 'read', 'read'],
    ...['write', 'write', 'write', 'write'],
    'commit',
  ]);
  expect(program.writes).toBe(true);
});

test('a group draws its table once, and an id for each statement', async () => {
  const program = build(['point_selects', 'index_updates'], {
    tables: 7,
    'point-selects': 5,
    'index-updates': 3,
    'rand-type': 'uniform',
  });
  const context = contextOf(program);
  const tables = new Set<string>();
  let mixed = 0;
  for (let event = 0; event < 300; event++) {
    const found = (await sent(program, context)).map((text) => /sbtest(\d+).*\{(\d+)\}/.exec(text));
    const [points, updates] = [found.slice(0, 5), found.slice(5)].map((group) => ({
      tables: new Set(group.map((match) => match?.[1] ?? '')),
      ids: new Set(group.map((match) => match?.[2])),
    }));
    expect([points?.tables.size, updates?.tables.size]).toEqual([1, 1]);
    expect(points?.ids.size).toBeGreaterThan(1);
    const [of] = points?.tables ?? [];
    tables.add(of ?? '');
    mixed += updates?.tables.has(of ?? '') === false ? 1 : 0;
  }
  expect([...tables].sort()).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  expect(mixed).toBeGreaterThan(200);
});

test('a delete and the insert behind it have the same table and the same id', async () => {
  const program = build(['delete_inserts'], { tables: 3, 'delete-inserts': 20 });
  const texts = await sent(program, contextOf(program));
  expect(texts).toHaveLength(40);
  for (let pair = 0; pair < texts.length; pair += 2) {
    const [, table, id] = /^DELETE FROM (sbtest\d) WHERE id=\{(\d+)\}$/.exec(texts[pair] ?? '') ?? [];
    expect(texts[pair + 1]).toContain(`INSERT INTO ${table} (id, k, c, pad) VALUES ({${id}}, `);
  }
});

test('one step serves all repetitions, and one statement all groups that send it', () => {
  const program = build(['point_selects', 'point_select', 'point_selects'], { 'point-selects': 4 });
  expect(program.statements).toHaveLength(1);
  expect(program.steps).toHaveLength(18);
  expect(program.commands.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16]);
});

test('commands begin with what draws their values, and name no table where there are several', () => {
  const program = build(['begin', 'point_selects', 'delete_inserts', 'commit'], {
    tables: 2,
    'point-selects': 2,
  });
  expect(program.commands).toEqual([
    { step: 0, line: 0, text: 'BEGIN' },
    { step: 1, line: 0, text: 'SELECT c FROM sbtestN WHERE id=$1' },
    { step: 4, line: 0, text: 'SELECT c FROM sbtestN WHERE id=$1' },
    { step: 6, line: 0, text: 'DELETE FROM sbtestN WHERE id=$1' },
    { step: 9, line: 0, text: 'INSERT INTO sbtestN (id, k, c, pad) VALUES ($1, $2, $3, $4)' },
    { step: 10, line: 0, text: 'COMMIT' },
  ]);
});

test('the types are those of sysbench, and results come in binary', () => {
  const { statements } = build(['non_index_updates', 'delete_inserts']);
  expect(statements.map(({ types, binary }) => [types, binary])).toEqual([
    [[1043, 20], true],
    [[20], true],
    [[20, 20, 1043, 1043], true],
  ]);
});

test.each([
  ['simple', {}],
  ['prepared', { 'db-ps-mode': 'disable' }],
  ['extended', { 'db-ps-mode': 'disable' }],
] as const)('%s %o writes the values into the text', async (protocol, options) => {
  const program = build(['begin', 'non_index_updates'], { ...options, 'table-size': 1 }, protocol);
  expect(
    program.statements.every(({ simple, parameters }) => simple === true && parameters.length === 0),
  ).toBe(true);
  const [begin, update] = await sent(program, contextOf(program));
  expect(begin).toBe('BEGIN');
  expect(update).toMatch(/^UPDATE sbtest1 SET c='(\d{11}-){9}\d{11}' WHERE id=1$/);
});

test('oltp_insert is a simple query in each protocol', async () => {
  const auto = build(['insert'], { 'table-size': 1 });
  const own = build(['insert'], { 'table-size': 1, 'auto-inc': false });
  const [withSequence] = await sent(auto, contextOf(auto));
  const [withId] = await sent(own, contextOf(own));
  expect(withSequence).toMatch(/^INSERT INTO sbtest1 \(k, c, pad\) VALUES \(1, '[-\d]{119}', '[-\d]{59}'\)$/);
  expect(withId).toMatch(
    /^INSERT INTO sbtest1 \(id, k, c, pad\) VALUES \(-?\d+, 1, '[-\d]{119}', '[-\d]{59}'\)$/,
  );
});

test('ids of oltp_insert are int4, and each its own among all clients', async () => {
  const program = build(['insert'], { 'auto-inc': false });
  const ids = new Set<number>();
  for (let clientId = 0; clientId < 5; clientId++) {
    const context = contextOf(program, { clientId, clients: 5 });
    for (let event = 0; event < 200; event++) {
      const [text] = await sent(program, context);
      ids.add(Number(/VALUES \((-?\d+),/.exec(text ?? '')?.[1]));
    }
  }
  expect(ids.size).toBe(1000);
  expect([...ids].every((id) => id >= -(2 ** 31) && id < 2 ** 31)).toBe(true);
});

test('each client of select_random_… draws from a slice of its own', async () => {
  const options = { 'table-size': 100, 'rand-type': 'uniform', 'random-points': 30, 'number-of-ranges': 30 };
  for (const [clientId, from, to] of [
    [0, 0, 33],
    [1, 33, 66],
    [2, 66, 100],
  ] as const) {
    const points = build(['random_points'], options);
    const drawn: number[] = [];
    const context = contextOf(points, { clientId, clients: 3 });
    for (let event = 0; event < 20; event++) {
      const [text] = await sent(points, context);
      drawn.push(...[...(text ?? '').matchAll(/\{(\d+)\}/g)].map((match) => Number(match[1])));
    }
    expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([from, to]);
  }
  const ranges = build(['random_ranges'], { ...options, delta: 7 });
  const [text] = await sent(ranges, contextOf(ranges));
  const pairs = [...(text ?? '').matchAll(/k BETWEEN \{(\d+)\} AND \{(\d+)\}/g)];
  expect(pairs).toHaveLength(30);
  expect(pairs.every(([, low, high]) => Number(high) - Number(low) === 7)).toBe(true);
});

test('the rows of bulk_insert go to the table of the client, in packets of 512 KiB', async () => {
  const program = build(['bulk_insert']);
  const context = contextOf(program, { clientId: 4, clients: 8 });
  const packets: { event: number; text: string }[] = [];
  for (let event = 1; event <= 80_000; event++) {
    for (const text of await sent(program, context)) {
      packets.push({ event, text });
    }
  }
  const [first, second] = packets;
  expect(packets).toHaveLength(2);
  expect(first?.text.slice(0, 40)).toBe('INSERT INTO sbtest5 VALUES(1,1),(2,2),(3');
  expect(first?.text.endsWith(`,(${(first?.event ?? 0) - 1},${(first?.event ?? 0) - 1})`)).toBe(true);
  expect(second?.text.startsWith(`INSERT INTO sbtest5 VALUES(${first?.event},${first?.event}),`)).toBe(true);
  for (const { text } of packets) {
    expect(text.length).toBeLessThan(512 * 1024);
    expect(text.length).toBeGreaterThan(512 * 1024 - 20);
  }
});

test('bulk_insert can stand among other groups', async () => {
  const program = build(['begin', 'bulk_insert', 'commit']);
  expect(await sent(program, contextOf(program))).toEqual(['BEGIN', 'COMMIT']);
});

test('what options leave nothing of sends nothing', async () => {
  const program = build(READ_WRITE, {
    'skip-trx': true,
    'point-selects': 0,
    'range-selects': false,
    'index-updates': 0,
    'non-index-updates': 0,
    'delete-inserts': 0,
  });
  expect(program).toMatchObject({ steps: [], statements: [], commands: [], writes: false });
});

test('events that share their slots share the variables', () => {
  const slots = new Slots();
  slots.of('aid');
  const make = (groups: readonly string[]): Program =>
    buildEvent(groups, { scriptName: 'mine', options: {}, protocol: 'prepared', slots, seed: 1 });
  const [one, other] = [make(['point_select']), make(['delete', 'insert'])];
  expect(one.statements[0]?.parameters).toEqual(other.statements[0]?.parameters);
  expect(one.slots).toBe(other.slots);
  expect(one.slots[0]).toBe('aid');
});

test('an unknown group is answered with the nearest, and an empty event with all', () => {
  expect(() => build(['begin', 'point_selcts'])).toThrow(UserError);
  expect(() => build(['begin', 'point_selcts'])).toThrow(
    "The event of mine names the group 'point_selcts', which there is not. Did you mean 'point_selects'?",
  );
  expect(() => build([])).toThrow(`There are ${GROUP_NAMES.join(', ')}.`);
  expect(() => build(['toString'])).toThrow("names the group 'toString'");
});

test('an event is counted as sysbench counts it', () => {
  expect(countsOf(READ_WRITE, {})).toEqual({ read: 14, write: 4, other: 2 });
  expect(countsOf(READ_WRITE, { 'skip-trx': true, 'range-selects': false, 'delete-inserts': 3 })).toEqual({
    read: 10,
    write: 8,
    other: 0,
  });
  expect(countsOf(['bulk_insert'], {})).toEqual({ read: 0, write: 0, other: 0 });
});

test('the same seed draws the same, another one does not', async () => {
  const program = build(READ_WRITE);
  const draw = (seed: bigint): Promise<readonly string[]> => sent(program, contextOf(program, { seed }));
  expect(await draw(7n)).toEqual(await draw(7n));
  expect(await draw(7n)).not.toEqual(await draw(8n));
});
