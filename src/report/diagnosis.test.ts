import { describe, expect, it } from 'vitest';
import type { Diagnosis, Finding } from '../doctor/finding.js';
import { renderDiagnosis } from './diagnosis.js';

const finding = (change: Partial<Finding>): Finding => ({
  check: 'durable',
  layer: 'postgres',
  severity: 'warn',
  subject: 'n1',
  found: 'fsync is off on n1.',
  why: 'A crash may destroy the database, and commits are faster than they could be in earnest.',
  fix: 'patronictl edit-config -p fsync=on',
  ...change,
});

const options = { columns: 80, color: false, unicode: true };

function rendered(findings: readonly Finding[], checks: Diagnosis['checks'] = []): string {
  return renderDiagnosis({ subject: 'lab default', findings, checks }, options);
}

describe('a diagnosis in the terminal', () => {
  it('tells what was found, why it matters and what to do, what one check says of several once', () => {
    const text = rendered(
      [finding({}), finding({ subject: 'n2', found: 'fsync is off on n2.' })],
      [
        { check: 'durable', layer: 'postgres', outcome: 'found' },
        { check: 'clocks', layer: 'postgres', outcome: 'ok' },
      ],
    );
    expect(text).toBe(`Figures would be other than they seem

  fsync is off on n1.
  fsync is off on n2.
    why   A crash may destroy the database, and commits are faster than they
          could be in earnest.
    fix   patronictl edit-config -p fsync=on
    check postgres, durable

lab default: 2 checks: 1 well, 1 found
`);
  });

  it('says where it is, unless the sentence does', () => {
    const text = rendered([finding({ subject: 'patroni.yml:7', found: 'ttl is 20.' })]);
    expect(text).toContain('  ttl is 20.\n    at    patroni.yml:7\n    why   ');
  });

  it('has the gravest first', () => {
    const text = rendered([
      finding({ severity: 'note', check: 'a' }),
      finding({ severity: 'refuse', check: 'b' }),
      finding({ check: 'c' }),
    ]);
    expect([...text.matchAll(/check postgres, (\w)/g)].map(([, check]) => check)).toEqual(['b', 'c', 'a']);
  });

  it('puts what was not looked at for the same reason into one line', () => {
    const skipped = (check: string, reason: string) =>
      ({ check, layer: 'etcd', outcome: 'skipped', reason }) as const;
    const many = ['a', 'b', 'c', 'd'].map((check) => skipped(check, 'no address of etcd was given (--etcd)'));
    const text = rendered([], [...many, skipped('e', 'n1: it is down')]);
    expect(text).toBe(`Not looked at
  etcd            4 checks: no address of etcd was given (--etcd)
  etcd            e: n1: it is down

lab default: 5 checks: 0 well, 5 not looked at
`);
  });

  it('gives what servers say no power over the terminal, and no more than its columns', () => {
    const text = rendered([finding({ found: `\u001b[2Jn1 said ${'so '.repeat(60)}\u0007.` })]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
