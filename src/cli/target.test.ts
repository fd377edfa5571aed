import { describe, expect, it } from 'vitest';
import { listText, showText, testText } from './target.js';

const NARROW = { columns: 60, color: false, unicode: true };

describe('what target prints', () => {
  it('lists targets with what each has', () => {
    const targets = [
      {
        name: 'staging',
        options: ['rw', 'patroni', 'patroni-user', 'haproxy', 'etcd', 'direct'],
        isDefault: true,
      },
      { name: 'x', options: ['lab'], isDefault: false },
    ];
    expect(listText({ file: '../pgha-bench.yaml', targets }, NARROW)).toBe(
      `Targets of ../pgha-bench.yaml:
  staging  default; rw, patroni, patroni-user, haproxy,
           etcd, direct
  x        lab
`,
    );
    expect(listText({ file: null, targets: [] }, NARROW)).toContain('There is no pgha-bench.yaml');
  });

  it('shows under each option what gave it', () => {
    const options = [
      { option: 'rw', value: 'postgresql://a@b/c', from: '--rw' },
      { option: 'patroni-password', value: 'not set', from: null },
    ];
    const shown = { kind: 'addresses', name: 'staging', chosenBy: '--target', file: 'f', options } as const;
    expect(showText(shown, NARROW)).toBe(
      `target staging (--target)
  rw                postgresql://a@b/c
                    from --rw
  patroni-password  not set
`,
    );
    const none = { kind: 'none', name: null, chosenBy: null, file: null, options: [] } as const;
    expect(showText(none, NARROW)).toContain('a run starts a lab of its own');
  });

  it('tells each answer within the columns, and lets no server draw on the terminal', () => {
    const text = 'PostgreSQL \u001b[2J15, primary, user pgha, no TLS, through a proxy';
    const answers = [
      { part: 'rw', subject: 'h:5000', ok: true, text, facts: {} },
      { part: 'patroni', subject: 'n1 http://n1:8008', ok: false, text: 'connect ECONNREFUSED', facts: {} },
    ] as const;
    const printed = testText({ target: 'staging', ok: false, answers }, NARROW);
    expect(printed).not.toContain('\u001b');
    expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(printed).toContain('FAIL  patroni  n1 http://n1:8008: connect ECONNREFUSED');
    expect(printed).toContain('1 of 2 does not answer as it should.');
  });
});
