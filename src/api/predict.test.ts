import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Forecast } from '../analysis/forecast.js';
import { hasFormula } from '../analysis/predict.js';
import { UserError } from '../errors.js';
import { FAULTS } from '../faults/registry.js';
import { SHOP } from '../render/topology.fixture.js';
import { describeFaults } from './faults.js';
import { predict, predictBy, renderPrediction } from './predict.js';

let directory: string;
let topology: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgha-predict-'));
  topology = join(directory, 'shop.yaml');
  writeFileSync(topology, SHOP);
});

afterAll(() => rmSync(directory, { recursive: true }));

/** Without a lab that may be up on this machine. */
function by(args: Record<string, unknown>, faults: readonly string[] = []) {
  return predictBy({ args, env: {}, stateDir: directory }, faults);
}

function rangeOf({ faults }: Forecast, fault: string): [number, number | null] | null {
  const found = faults.find((each) => each.fault === fault && !each.etcdLeaderLost)?.writes ?? null;
  return found && [found.minMs, found.maxMs];
}

describe('predict', () => {
  it('of nothing is that of the samples, and says that all of it is assumed', async () => {
    const { base, candidate } = await by({});
    expect(candidate).toBeNull();
    expect(base).toMatchObject({
      of: 'samples of Patroni and HAProxy',
      patroni: null,
      replicas: 2,
      notes: [],
    });
    expect(base.assumed).toEqual(expect.arrayContaining(['patroni.ttl', 'haproxy.inter', 'replicas']));
    expect(rangeOf(base, 'kill-node')).toEqual([22_000, 39_000]);
    // The same as the profile that is made of them.
    const stock = await by({ profile: 'stock' });
    expect(stock.base.faults).toEqual(base.faults);
    expect(stock.base.assumed).toEqual(['patroni']);
  });

  it('takes single settings by their names, and the rest from where it was told to', async () => {
    const { base } = await by({
      ttl: '20',
      'loop-wait': '5s',
      'retry-timeout': '5',
      'patroni-version': '4.1',
    });
    expect(rangeOf(base, 'kill-node')).toEqual([17_000, 29_000]);
    expect(base.assumed).not.toContain('patroni.ttl');
    expect(base.assumed).toContain('haproxy.inter');
    const checks = await by({ profile: 'stock', 'haproxy-check': 'inter 1s rise 1' });
    expect(rangeOf(checks.base, 'kill-node')).toEqual([19_000, 34_000]);
    // A fastinter of its own holds; one that follows inter follows this one, too.
    const slower = await by({ profile: 'fast', 'haproxy-check': 'inter 1s rise 2' });
    expect(rangeOf(slower.base, 'kill-node')).toEqual([18_200, 24_200]);
    expect((await by({ profile: 'fast', 'patroni-version': '3.0.2' })).base.settings['patroni.ttl']).toBe(8);
  });

  it('takes a topology', async () => {
    const { base } = await by({ topology });
    expect(base).toMatchObject({ of: 'topology shop.yaml', patroni: '4.1', proxy: 'haproxy', replicas: 2 });
    expect(base.settings['patroni.synchronous_mode']).not.toBe(false);
    expect(base.assumed).toEqual([]);
    writeFileSync(join(directory, 'bare.yaml'), SHOP.replace(/^haproxy:.*\n/m, ''));
    const bare = await by({ topology: join(directory, 'bare.yaml') });
    expect(bare.base.proxy).toBe('none');
    expect(rangeOf(bare.base, 'restart-haproxy')).toBeNull();
  });

  it('puts other settings beside: some of the same, or another source', async () => {
    const some = await by({ profile: 'stock', compare: 'ttl=20, loop_wait=5 retry-timeout=5' }, [
      'kill-node',
    ]);
    expect(rangeOf(some.base, 'kill-node')).toEqual([22_000, 39_000]);
    expect(some.candidate && rangeOf(some.candidate, 'kill-node')).toEqual([17_000, 29_000]);
    const other = await by({ profile: 'stock', ttl: '60', compare: `topology=${topology} inter=1s` });
    expect(other.candidate).toMatchObject({ of: 'topology shop.yaml with inter=1s' });
    expect(other.candidate?.settings).toMatchObject({ 'patroni.ttl': 30, 'haproxy.inter': '1s' });
    const without = await by({ compare: 'proxy=none' }, ['kill-node']);
    expect(without.candidate && rangeOf(without.candidate, 'kill-node')).toEqual([19_000, 34_000]);
  });

  it('knows how long a fault lasts, whose node it hurts, and what was frozen', async () => {
    const faults = ['freeze-node:8s', 'kill-node:node=replica', 'freeze-postgres:what=postmaster'];
    const { base } = await by({}, faults);
    expect(base.faults.map(({ fault, etcdLeaderLost }) => [fault, etcdLeaderLost])).toEqual(
      faults.map((fault) => [fault, false]),
    );
    expect(faults.map((fault) => rangeOf(base, fault))).toEqual([
      [8000, 8500],
      [0, 0],
      [0, 0],
    ]);
  });

  it('says what of the settings is not in effect as it stands', async () => {
    const { base } = await by({ ttl: '10' });
    expect(base.notes.join()).toMatch(/Patroni from 3.2 on .*ttl 20 instead of 10/);
    const old = await by({ ttl: '15', 'patroni-version': '3.0.2' });
    expect(old.base.notes).toHaveLength(2);
    expect(old.base.notes.join()).toMatch(/does not allow a ttl below 20.*may expire/);
    const etcd = await by({ ttl: '20', 'etcd-election-timeout': '20s' });
    expect(etcd.base.notes.join()).toMatch(/etcd.*ttl 30 instead of 20|ttl 30 instead of 20/);
  });

  it("knows HAProxy's downinter, and its timeout check", async () => {
    const { base } = await by({ 'haproxy-check': 'inter 3s downinter 1s timeout check 2s' }, ['kill-node']);
    expect(rangeOf(base, 'kill-node')).toEqual([22_000, 37_000]);
    expect(base.settings['haproxy.timeout_check']).toBe('2s');
    expect(base.assumed).not.toContain('haproxy.timeout_check');
    const up = base.faults[0]?.writes?.parts.find(({ name }) => name.startsWith('HAProxy sees'));
    expect(up?.settings).toContain('haproxy.downinter');
    const own = await predict({ profile: 'stock', faults: ['kill-node'], settings: { downinter: '1s' } });
    expect(rangeOf(own, 'kill-node')).toEqual([22_000, 37_000]);
  });

  it.each([
    [{ profile: 'stock', topology: 'x.yaml' }, [], /--profile and --topology both/],
    [{ profile: 'quick' }, [], /--profile: expected stock, fast or safe, found 'quick'/],
    [{ ttl: 'soon' }, [], /--ttl: expected a whole number/],
    [{ proxy: 'nginx' }, [], /--proxy: expected haproxy, vip or none/],
    [{ compare: 'ttl' }, [], /--compare: expected ttl=VALUE/],
    [{ compare: 'tttl=3' }, [], /Did you mean 'ttl'/],
    [{ compare: ' ' }, [], /--compare: expected settings/],
    [{ compare: 'loop_wait=x' }, [], /--compare: loop_wait: expected/],
    [{ rw: 'postgresql://h/d' }, [], /Give --patroni/],
    [{}, ['kill-nod'], /Did you mean 'kill-node'/],
    [{}, ['freeze-node:for=x'], /expected a duration/],
    [{ 'patroni-version': 'new' }, [], /--patroni-version: expected a version/],
    [{ 'check-timeout': '0' }, [], /--check-timeout: expected a time/],
  ] as const)('refuses %j %j in one line', async (args, faults, message) => {
    const refused = await by(args, faults).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(UserError);
    expect(String((refused as UserError).message)).toMatch(message);
    expect(String((refused as UserError).message)).not.toContain('\n');
  });

  it('is the same for programs', async () => {
    const own = await predict({ profile: 'stock', settings: { ttl: 20, retry_timeout: 5, inter: '1s' } });
    const line = await by({ profile: 'stock', ttl: '20', 'retry-timeout': '5', 'haproxy-check': 'inter 1s' });
    expect(own.faults).toEqual(line.base.faults);
    await expect(predict({ profile: 'stock', settings: { tll: 1 } as never })).rejects.toThrow('ttl');
    await expect(predict({ fault: [] } as never)).rejects.toThrow('faults');
  });

  it('leaves out no fault of which settings say something but those that only prepare one', async () => {
    const { base } = await by({});
    const told = base.faults.map(({ fault }) => fault.replace(/:.*/, ''));
    const left = FAULTS.map(({ kind }) => kind).filter((kind) => hasFormula(kind) && !told.includes(kind));
    expect(left).toEqual(['config', 'cut-replication', 'pause', 'reinitialize', 'resume']);
  });
});

describe('of a cluster', () => {
  let server: Server;
  let patroni: string;

  beforeAll(async () => {
    const answers: Record<string, object> = {
      '/patroni': { role: 'primary', state: 'running', patroni: { version: '3.0.2', scope: 'shop' } },
      '/cluster': { members: [] },
      '/config': { ttl: 60, loop_wait: 5, retry_timeout: 10 },
    };
    server = createServer((incoming, reply) => {
      reply.end(JSON.stringify(answers[incoming.url ?? ''] ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    patroni = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      join(directory, 'pgha-bench.yaml'),
      `targets:\n  shop: { patroni: "${patroni}" }\n  dumb: { rw: "postgresql://h/d" }\n`,
    );
    writeFileSync(
      join(directory, 'default.yaml'),
      `default: shop\ntargets:\n  shop: { patroni: "${patroni}" }\n`,
    );
  });

  afterAll(() => server.close());

  const given = (args: Record<string, unknown>, env: Record<string, string> = {}) => ({
    args,
    env,
    stateDir: directory,
    directory,
  });

  it('takes its settings whatever named it, and changes single ones of them', async () => {
    const ways = [
      given({ patroni }),
      given({ target: 'shop' }),
      given({}, { PGHA_BENCH_TARGET: 'shop' }),
      given({}, { PGHA_BENCH_PATRONI: patroni }),
      given({ 'target-file': join(directory, 'default.yaml') }),
    ];
    for (const { args, ...rest } of ways) {
      const { base } = await predictBy({ ...rest, args: { ...args, 'loop-wait': '7' } }, ['kill-node']);
      expect(base.of).toBe('cluster shop with loop_wait=7');
      expect(base.settings).toMatchObject({ 'patroni.ttl': 60, 'patroni.loop_wait': 7 });
    }
    const none = await predictBy(given({ ttl: '20' }), []);
    expect(none.base.of).toBe('samples of Patroni and HAProxy with ttl=20');
  });

  it('never takes the samples for those of a target that was named', async () => {
    for (const each of [given({ target: 'dumb' }), given({ ttl: '20' }, { PGHA_BENCH_TARGET: 'dumb' })]) {
      await expect(predictBy(each, [])).rejects.toThrow(
        /pgha-bench.yaml: target 'dumb' has no patroni, .* give --patroni/,
      );
    }
    const listed = await describeFaults(given({ target: 'dumb' }));
    expect(listed.every(({ downtime }) => downtime === null)).toBe(true);
  });

  it('says the same as the list of faults, which knows the version of Patroni, too', async () => {
    const { base } = await predictBy(given({ patroni }), ['switchover', 'kill-postgres']);
    const listed = await describeFaults(given({ patroni }));
    for (const { fault, writes } of base.faults) {
      expect(listed.find(({ kind }) => kind === fault)?.downtime).toEqual(writes);
    }
    // Of 3.0.2, which has PostgreSQL start as a replica first: another loop_wait.
    expect(rangeOf(base, 'kill-postgres')).toEqual([0, 15_500]);
  });
});

describe('the text of a prediction', () => {
  it.each([
    [{}, [], false],
    [{ ttl: '8' }, ['kill-node', 'kill-patroni', 'freeze-node:25s', 'exec'], true],
    [{ proxy: 'vip', compare: 'proxy=none ttl=100' }, [], true],
  ] as const)('of %j fits into 80 columns, in ASCII where it has to', async (args, faults, parts) => {
    const { base, candidate } = await by(args, faults);
    for (const unicode of [true, false]) {
      const terminal = { columns: 80, color: false, unicode };
      const text = renderPrediction(base, 'terminal', { candidate, parts, terminal });
      expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
      if (!unicode) {
        expect(/[^\n -~]/.exec(text)).toBeNull();
      }
    }
  });

  it('tells every part with the settings that decide it, and what would shorten the whole', async () => {
    const { base } = await by({}, ['kill-node']);
    const text = renderPrediction(base, 'terminal', { parts: true }).replaceAll(/\s+/g, ' ');
    expect(text).toContain('kill-node: 22.0 – 39.0 s');
    expect(text).toContain(
      '20.0 – 30.0 s the leader key expires: ttl − loop_wait … ttl (ttl 30, loop_wait 10)',
    );
    expect(text).toContain('3.00 – 6.00 s HAProxy sees the new leader up');
    expect(text).toContain(
      'shorter with ttl 20, retry_timeout 5 it is 12.0 – 29.0 s. Patroni from 3.2 on allows no ttl below 20.',
    );
    expect(text).toContain('reads ≤ 500 ms: another replica goes on');
  });

  it('has two beside each other, and what they differ by', async () => {
    const { base, candidate } = await by({ profile: 'stock', compare: 'inter=1s' }, ['kill-node']);
    const text = renderPrediction(base, 'terminal', { candidate });
    expect(text).toMatch(/kill-node +22\.0 – 39\.0 s +20\.0 – 35\.0 s +-2\.00 s +-4\.00 s/);
  });

  it('says why there is nothing to tell', async () => {
    const { base } = await by({ proxy: 'none' }, ['exec', 'restart-haproxy']);
    const text = renderPrediction(base, 'terminal');
    expect(text).toContain('not predicted: exec (settings say nothing of it)');
    expect(text).toContain('not predicted: restart-haproxy (there is no HAProxy)');
  });

  it('as JSON is all of it', async () => {
    const { base, candidate } = await by({ compare: 'ttl=60' });
    expect(JSON.parse(renderPrediction(base, 'json'))).toEqual(base);
    expect(JSON.parse(renderPrediction(base, 'json', { candidate }))).toEqual({ base, candidate });
  });
});
