import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseXml } from '../report/xml.fixture.js';
import type { Result } from '../result/result.js';
import { CommandLine } from './command.fixture.js';

/*
 * The workflows that docs/ci.md speaks of, as far as their shell steps go: each is run as its runner runs it, with less
 * load. What `uses:` names, and uploads, are GitHub's and GitLab's own.
 */

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const LOAD = { CLIENTS: '4', ROUNDS: '1' };
const MINUTES = 60_000;

/** A directory that has of a checkout what the steps use, and the environment of a step. */
class Checkout {
  readonly directory = mkdtempSync(join(tmpdir(), 'pgha-ci-'));
  private readonly cli = new CommandLine();
  readonly env: Readonly<Record<string, string>>;

  constructor(variables: Readonly<Record<string, unknown>>) {
    for (const name of ['bin', 'docs', 'scripts', 'workloads', 'node_modules']) {
      symlinkSync(join(REPOSITORY, name), join(this.directory, name));
    }
    // What the workflow sets, and less load: a variable that the workflow has not would change nothing.
    for (const name of Object.keys(LOAD)) {
      expect(Object.keys(variables)).toContain(name);
    }
    const own = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
    this.env = {
      ...own,
      ...LOAD,
      PGHA_BENCH_STATE: this.cli.stateDirectory,
      GITHUB_STEP_SUMMARY: this.file('summary.md'),
      GITHUB_OUTPUT: this.file('output'),
    };
    writeFileSync(this.file('summary.md'), '');
    writeFileSync(this.file('output'), '');
  }

  file(path: string): string {
    return join(this.directory, path);
  }

  read(path: string): string {
    return readFileSync(this.file(path), 'utf8');
  }

  result(): Result {
    return JSON.parse(this.read('results/ci/result.json'));
  }

  /** @param shell words in front of the script: how the runner calls it */
  async run(
    script: string,
    shell: readonly string[],
  ): Promise<{ code: number | null; stdout: string; all: string }> {
    const [command = '', ...words] = [...shell, script];
    const child = spawn(command, words, { cwd: this.directory, env: { ...process.env, ...this.env } });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      all += chunk;
    });
    child.stderr.on('data', (chunk) => {
      all += chunk;
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    return { code, stdout, all };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
    this.cli.remove();
  }
}

const checkouts: Checkout[] = [];

afterAll(() => {
  for (const checkout of checkouts) {
    checkout.remove();
  }
});

function checkoutFor(variables: Readonly<Record<string, unknown>>): Checkout {
  const checkout = new Checkout(variables);
  checkouts.push(checkout);
  return checkout;
}

function workflow(name: string): ReturnType<typeof JSON.parse> {
  return parse(readFileSync(join(REPOSITORY, 'docs/ci', name), 'utf8'), { strict: true });
}

/** The set-up has made this very checkout ready, before any test; it is not done again under the feet of others. */
function withoutSetup(steps: readonly string[]): readonly string[] {
  expect(steps[0]?.trim()).toBe('scripts/setup');
  accessSync(join(REPOSITORY, 'scripts/setup'), constants.X_OK);
  return steps.slice(1);
}

/** Whether the gates hold is the cluster's and the machine's affair: the exit code has to say what they say. */
function expectedCode({ gates }: Result): number {
  return gates.every(({ passed }) => passed) ? 0 : 1;
}

function expectReports(own: Checkout): void {
  const result = own.result();
  const wanted = parse(own.read('docs/ci/gates.yaml')).gates;
  expect(result.run.status).toBe('completed');
  expect(result.plan).toMatchObject({ label: 'ci', clients: 4, rounds: 1 });
  expect(result.gates).toHaveLength(wanted.length);
  // On a lab all of them are measured.
  expect(result.gates.filter(({ text }) => text.startsWith('not measured'))).toEqual([]);
  const junit = parseXml(own.read('results/ci/junit.xml'));
  expect(junit.attributes).toMatchObject({ tests: String(wanted.length) });
}

// Side by side: both wait for failovers most of their time.
describe.concurrent('a documented workflow', () => {
  it('docs/ci/github-actions.yml runs, and leaves what it uploads', { timeout: 10 * MINUTES }, async () => {
    const { jobs } = workflow('github-actions.yml');
    expect(Object.keys(jobs)).toEqual(['failover']);
    const { steps, env } = jobs.failover;
    const scripts: string[] = steps.flatMap(({ run }: { run?: string }) => run ?? []);
    const uses: string[] = steps.flatMap((step: { uses?: string }) => step.uses ?? []);
    expect(uses.map((each) => each.split('@')[0])).toEqual([
      'actions/checkout',
      'actions/setup-node',
      'actions/upload-artifact',
    ]);
    const checkout = checkoutFor(env);
    const [runStep = '', reportStep = '', ...more] = withoutSetup(scripts);
    expect(more).toEqual([]);
    // An expression would be filled in by GitHub, and not here.
    expect(scripts.join('')).not.toContain('${{');

    const ran = await checkout.run(runStep, ['bash', '-e', '-c']);
    const result = checkout.result();
    expect(ran.code, ran.all).toBe(expectedCode(result));
    const reported = await checkout.run(reportStep, ['bash', '-e', '-c']);
    expect(reported.code, reported.all).toBe(expectedCode(result));
    expectReports(checkout);

    const failed = result.gates.filter(({ passed }) => !passed);
    const annotations = reported.stdout.trimEnd().split('\n');
    expect(annotations).toHaveLength(Math.max(1, failed.length));
    for (const line of annotations) {
      expect(line).toMatch(
        failed.length > 0 ? /^::error title=Gate failed%3A / : /^::notice title=pgha-bench%3A all /,
      );
    }
    expect(checkout.read('summary.md')).toMatch(/^### ci: /);
    expect(JSON.parse(checkout.read('results/ci/smaller.json')).length).toBeGreaterThan(5);
    expect(JSON.parse(checkout.read('results/ci/bigger.json')).length).toBeGreaterThan(0);
    expect(Object.keys(JSON.parse(checkout.read('results/ci/bencher.json')))).toEqual(['ci']);
    const upload = steps.at(-1).with.path;
    expect(existsSync(checkout.file(upload))).toBe(true);
  });

  it('docs/ci/gitlab-ci.yml runs, and leaves its artifacts', { timeout: 10 * MINUTES }, async () => {
    const { failover } = workflow('gitlab-ci.yml');
    const checkout = checkoutFor(failover.variables);
    const ran = await checkout.run(withoutSetup(failover.script).join('\n'), [
      'bash',
      '-eo',
      'pipefail',
      '-c',
    ]);
    expect(ran.code, ran.all).toBe(expectedCode(checkout.result()));
    const after = await checkout.run(failover.after_script.join('\n'), ['bash', '-eo', 'pipefail', '-c']);
    expect(after.code, after.all).toBe(expectedCode(checkout.result()));
    expectReports(checkout);

    const { paths, reports } = failover.artifacts;
    for (const path of [...paths, reports.junit, reports.metrics]) {
      expect(existsSync(checkout.file(path)), path).toBe(true);
    }
    const metrics = checkout.read(reports.metrics);
    expect(metrics).toMatch(/^pgha_write_downtime_seconds\{statistic="max"\} \d/m);
    expect(metrics).toMatch(/^pgha_lost 0$/m);
    expect(metrics.endsWith('# EOF\n')).toBe(true);
  });
});
