import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlainComparison } from '../compare/comparison.js';
import { CommandLine } from './command.fixture.js';

const cli = new CommandLine();

/** Four rounds are the fewest that can tell anything, and short pauses before each are enough to know the steady load. */
const ROUNDS = ['--rounds', '4', '--fault', 'switchover@4s', '--clients', '4', '--rate', '50'];

describe('two runs on labs of different profiles', () => {
  beforeAll(async () => {
    // Side by side: most of their time both wait for a lease to expire or a check to pass.
    await Promise.all(
      ['stock', 'fast'].map((profile) =>
        cli.succeed(['run', 'tpcb', '--profile', profile, '--label', profile, ...ROUNDS]),
      ),
    );
  }, 420_000);

  afterAll(() => cli.remove());

  it('are told apart: fast is better, with an interval, and the settings are named', async () => {
    // Anyway: other work on the machine may make the generator short of CPU, which moves downtimes by ms.
    const { stdout } = await cli.succeed(['compare', 'stock', 'fast', '--anyway', '--format', 'json']);
    const { rows, differences, findings } = JSON.parse(stdout) as PlainComparison;
    expect(findings.filter(({ what }) => what !== 'generator')).toEqual([]);
    const downtime = rows.find(({ metric }) => metric === 'write_downtime');
    expect(downtime?.figures.map(({ of }) => of?.count)).toEqual([4, 4]);
    const [contrast] = downtime?.contrasts ?? [];
    expect(contrast).toMatchObject({ verdict: 'better', needed: null });
    expect(contrast?.p).toBeLessThan(0.05);
    expect(contrast?.difference?.interval?.to).toBeLessThan(0);
    const lost = rows.find(({ metric }) => metric === 'lost');
    expect(lost?.figures.map(({ value }) => value)).toEqual([0, 0]);
    const latency = rows.find(({ metric }) => metric === 'latency_p99');
    expect(latency?.figures.map(({ of }) => of?.of)).toEqual(['seconds', 'seconds']);
    const names = differences.map(({ name }) => name);
    expect(names).toContain('patroni.ttl');
    expect(names).toContain('haproxy.inter');
    expect(differences.find(({ name }) => name === 'patroni.loop_wait')?.values[0]).toBe('10');
  });

  it('are shown in a table', async () => {
    const { stdout } = await cli.succeed(['compare', 'stock', 'fast', '--anyway']);
    expect(stdout).toMatch(/ s {2}-.* to -.* s {2}better$/m);
    expect(stdout).toMatch(/^ {2}patroni\.ttl +30 +\d+$/m);
    for (const line of stdout.split('\n')) {
      expect([...line].length).toBeLessThanOrEqual(80);
    }
  });

  it('are shown on a page', async () => {
    const { stderr } = await cli.succeed(['compare', 'stock', 'fast', '--anyway', '--html', 'page.html']);
    expect(stderr).toBe('Wrote page.html.\n');
    const page = await readFile(join(cli.directory, 'page.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain('fast against stock');
    const {
      code,
      stdout,
      stderr: said,
    } = await cli.run(['compare', 'stock', 'fast', '--anyway', '--html', 'none/x.html']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(said).toMatch(
      /^pgha-bench: --html: .*none\/x\.html cannot be written: its directory does not exist\.\n$/,
    );
  });

  it('are not compared with themselves', async () => {
    const { code, stdout, stderr } = await cli.run(['compare', 'fast', 'fast']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^pgha-bench: Not comparable: .*fast \(2\) and fast are the same run\. Use --anyway/,
    );
  });
});
