import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import type { RunProgress } from '../api/options.js';
import { LiveView } from './live.js';

const { recording } = sampleOf('switchover');
const OPTIONS = { columns: 80, color: false, unicode: true };

function told(second: number): RunProgress {
  return {
    plan: recording.plan,
    elapsedMs: 1000 * (second + 1),
    durationMs: recording.plan.durationMs,
    latest: recording.buckets.slice(10 * second, 10 * second + 10),
    leader: 'n1',
    round: null,
    faultsMs: [],
    events: [],
  };
}

/** As much of a terminal as the view uses: lines, a cursor, and what lies above. */
class Terminal extends EventEmitter {
  lines = ['$ pgha-bench run', 'Running.', ''];
  row = 2;
  hidden = false;
  writes = 0;

  constructor(
    public columns: number,
    public rows: number,
  ) {
    super();
  }

  write(text: string): boolean {
    this.writes++;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals are told
    for (const piece of text.split(/(\u001b\[[?\d]*[A-Za-z]|\r\n|\r|\n)/)) {
      this.take(piece);
    }
    return true;
  }

  private take(piece: string): void {
    const up = /^.\[(\d+)F$/.exec(piece)?.[1];
    if (up !== undefined) {
      this.row -= Number(up);
    } else if (piece === '\u001b[?25l' || piece === '\u001b[?25h') {
      this.hidden = piece.endsWith('l');
    } else if (piece === '\u001b[J') {
      this.lines = this.lines.slice(0, this.row).concat('');
    } else if (piece === '\u001b[H') {
      this.row = 0;
    } else if (piece === '\u001b[2J') {
      this.lines = [''];
    } else if (piece === '\r\n' || piece === '\n') {
      this.row++;
      this.lines[this.row] ??= '';
    } else if (piece !== '\r' && piece !== '') {
      this.lines[this.row] += piece;
    }
  }
}

describe('LiveView', () => {
  const setUp = () => {
    const terminal = new Terminal(80, 24);
    const controller = new AbortController();
    const listeners = process.listenerCount('exit');
    return { terminal, controller, listeners, view: new LiveView(terminal, OPTIONS, controller.signal) };
  };

  it('draws in its place, below what is there, and takes away what it drew', () => {
    const { terminal, view, listeners } = setUp();
    view.show(told(0));
    const first = [...terminal.lines];
    expect(terminal.hidden).toBe(true);
    expect(first.slice(0, 2)).toEqual(['$ pgha-bench run', 'Running.']);
    expect(first[2]).toMatch(/^tpcb.* 1 s \/ 40 s$/);
    view.show(told(20));
    expect(terminal.lines.filter((line) => line.startsWith('tpcb'))).toHaveLength(1);
    expect(terminal.lines[2]).toMatch(/21 s \/ 40 s$/);
    expect(terminal.lines.length - 2).toBeLessThanOrEqual(23);
    view.end();
    expect(terminal.lines).toEqual(['$ pgha-bench run', 'Running.', '']);
    expect(terminal.hidden).toBe(false);
    expect(process.listenerCount('exit')).toBe(listeners);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('writes once for each picture', () => {
    const { terminal, view } = setUp();
    view.show(told(0));
    const before = terminal.writes;
    view.show(told(1));
    expect(terminal.writes).toBe(before + 1);
    view.end();
  });

  it('follows the size of the terminal at once', () => {
    const { terminal, view } = setUp();
    view.show(told(5));
    terminal.columns = 50;
    terminal.rows = 10;
    terminal.emit('resize');
    expect(terminal.lines.length).toBeLessThanOrEqual(9);
    expect(terminal.lines[0]).toMatch(/^tpcb/);
    expect(terminal.lines.filter((line) => line.length > 50)).toEqual([]);
    terminal.columns = 120;
    terminal.rows = 40;
    terminal.emit('resize');
    expect(terminal.lines[0]).toHaveLength(120);
    view.end();
  });

  it('stays as it is when Ctrl-C was answered under it, with the cursor back', () => {
    const { terminal, view, controller } = setUp();
    view.show(told(5));
    terminal.write('\nStopping.\n');
    controller.abort();
    const lines = [...terminal.lines];
    expect(terminal.hidden).toBe(false);
    view.show(told(6));
    view.end();
    expect(terminal.lines).toEqual(lines);
    expect(lines.filter((line) => line.startsWith('tpcb'))).toHaveLength(1);
  });

  it('does nothing to a terminal that it has not drawn on', () => {
    const { terminal, view, controller } = setUp();
    view.end();
    controller.abort();
    view.end();
    expect(terminal.writes).toBe(0);
  });

  it('gives the cursor back when the process ends in the middle', () => {
    const { terminal, view, listeners } = setUp();
    view.show(told(5));
    const added = process.listeners('exit').slice(listeners) as ((code: number) => void)[];
    for (const listener of added) {
      listener(1);
    }
    expect(terminal.hidden).toBe(false);
    view.end();
  });
});
