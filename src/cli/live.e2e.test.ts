import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { widthOf } from '../report/terminal/width.js';
import { BIN, CommandLine } from './command.fixture.js';

const cli = new CommandLine();

beforeAll(async () => {
  await cli.succeed(['lab', 'up', '--profile', 'fast']);
  await cli.succeed(['init', 'tpcb', '--scale', '2']);
});

afterAll(async () => {
  await cli.succeed(['lab', 'down']);
  cli.remove();
});

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

/** The command on a terminal of 70 × 20, by util-linux' script. */
class OnTerminal {
  readonly ended: Promise<number | null>;
  text = '';
  private readonly child: ChildProcess;
  private wake: () => void = () => undefined;

  constructor(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const quoted = [process.execPath, BIN, ...words].map((word) => `'${word}'`).join(' ');
    const command = `stty cols 70 rows 20; exec ${quoted}`;
    this.child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
      cwd: cli.directory,
      env: {
        ...process.env,
        PGHA_BENCH_STATE: cli.stateDirectory,
        LANG: 'C.UTF-8',
        LC_ALL: 'C.UTF-8',
        TERM: 'xterm',
        NO_COLOR: '1',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout?.on('data', (chunk) => {
      this.text += chunk;
      this.wake();
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code) => {
        resolve(code);
        this.wake();
      });
    });
  }

  /** Resolves when it has written so, or has ended. */
  async wrote(text: string): Promise<void> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    while (!this.text.includes(text) && !over) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** The pictures, each as the lines that were drawn. */
  pictures(): string[][] {
    return this.text
      .split('\u001b[J')
      .slice(1)
      .map((picture) => picture.split('\u001b')[0]?.split('\r\n') ?? [])
      .filter(([first]) => first?.startsWith('tpcb'));
  }
}

const RUN = ['run', 'tpcb', '--clients', '4', '--live'];

describe('run --live', () => {
  it('draws the run in its place, within the terminal, and gives the terminal back', async () => {
    const terminal = new OnTerminal([
      ...RUN,
      '--duration',
      '12s',
      '--fault',
      'switchover@4s',
      '--out',
      'live',
    ]);
    expect(await terminal.ended).toBe(0);
    const pictures = terminal.pictures();
    expect(pictures.length).toBeGreaterThan(8);
    for (const lines of pictures) {
      expect(lines.length).toBeLessThan(20);
      expect(lines.filter((line) => widthOf(line) > 70)).toEqual([]);
    }
    const last = pictures.at(-1)?.join('\n') ?? '';
    expect(last).toMatch(/^tpcb · 4 clients · switchover +1[12] s \/ 12 s\n/);
    expect(last).toMatch(/\nleader {4}n\d {3}for \d+ s\n/);
    expect(last).toMatch(/\nHAProxy {3}rw {2}n1 (UP|DOWN) · n2 (UP|DOWN) · n3 DOWN\n/);
    expect(last).toMatch(/[█▇▆▅▄]/);
    expect(last).toContain('▲');
    // What follows is the report, on a terminal as it was.
    expect(terminal.text.split(HIDE)).toHaveLength(2);
    expect(terminal.text.lastIndexOf(SHOW)).toBeLessThan(terminal.text.indexOf('write downtime'));
    expect(existsSync(join(cli.directory, 'live', 'result.json'))).toBe(true);
  });

  it('gives the terminal back at Ctrl-C, with what it had to say under the picture', async () => {
    const terminal = new OnTerminal([...RUN, '--duration', '60s', '--fault', 'none', '--out', 'stopped']);
    await terminal.wrote(' 2 s / 1 min');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    const behind = terminal.text.slice(terminal.text.indexOf('Stopping; press Ctrl-C again'));
    expect(behind).toContain(SHOW);
    expect(behind).toContain('Interrupted after');
    expect(behind).not.toContain(HIDE);
    expect(behind).not.toContain('\u001b[J');
  });

  it.each([
    ['in a pipe', null],
    ['on a terminal that can do nothing', { TERM: 'dumb' }],
  ])('falls back to a line a second %s', async (_, env) => {
    const words = [...RUN, '--duration', '3s', '--fault', 'none', '--out', env === null ? 'pipe' : 'dumb'];
    const terminal = env === null ? null : new OnTerminal(words, env);
    await terminal?.ended;
    const text = terminal === null ? (await cli.succeed(words)).stderr : terminal.text;
    expect(text).not.toContain('\u001b');
    expect(text.match(/^[123] \/ 3 s +[\d,.]+ tps/gm)?.length).toBeGreaterThan(1);
  });

  it('is refused with a value that is none', async () => {
    const ended = await cli.run(['run', 'tpcb', '--live=maybe']);
    expect([ended.code, ended.stderr]).toEqual([
      2,
      "pgha-bench: --live: expected on or off, found 'maybe'.\n",
    ]);
  });
});
