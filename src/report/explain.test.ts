import { describe, expect, it } from 'vitest';
import * as failure from '../postgres/failure.js';
import { explain } from './explain.js';

const failed = { code: '', outcome: 'aborted', route: 'rw', message: '' } as const;

describe('explain', () => {
  it.each([
    '57P01',
    '57P02',
    '57P03',
    '57P04',
    '25006',
    '40001',
    '40P01',
    '53300',
    '55000',
    '57014',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'run_ended',
    ...Object.values(failure).filter((word) => typeof word === 'string'),
  ])('knows %s on both ports and in doubt, in one sentence', (code) => {
    for (const route of ['rw', 'ro'] as const) {
      for (const outcome of ['aborted', 'in_doubt', 'not_sent'] as const) {
        const text = explain({ ...failed, code, route, outcome });
        expect(text).toMatch(/^[A-Z].*\.$/);
        expect(text).not.toContain('Not a failure that is known');
        expect(text.length).toBeLessThan(110);
      }
    }
  });

  it('does not blame HAProxy where there may be none', () => {
    for (const code of [
      '25006',
      'ECONNREFUSED',
      'ECONNRESET',
      'closed',
      'connect_closed',
      'connect_timeout',
    ]) {
      const text = explain({ ...failed, code }, false);
      expect(text).not.toContain('HAProxy');
      expect(text).toContain('a proxy before it');
    }
  });

  it('says what the port has to do with it', () => {
    expect(explain({ ...failed, code: '25006' })).toBe(
      'HAProxy still sends you to the demoted primary, or to a standby.',
    );
    expect(explain({ ...failed, code: '25006', route: 'ro' })).toBe(
      'The script writes, but this port leads to standbys.',
    );
    expect(explain({ ...failed, code: '40001', route: 'ro' })).toContain('recovery conflict');
    expect(explain({ ...failed, code: '40001' })).not.toContain('recovery');
  });

  it.each([
    ['the database system is shutting down', 'is shutting down'],
    ['the database system is starting up', 'is starting up'],
    ['the database system is in recovery mode', 'recovers from a crash'],
    ['the database system is not yet accepting connections', 'consistent state'],
    ['der Datenbankserver fährt herunter', 'starting up or shutting down'],
  ])('reads the phase out of 57P03: %s', (message, expected) => {
    expect(explain({ ...failed, code: '57P03', message })).toContain(expected);
  });

  it('explains what it does not know by its class, or by what the server said', () => {
    expect(explain({ ...failed, code: '08007' })).toContain('connection failed');
    expect(explain({ ...failed, code: '23514', message: 'check "positive"' })).toBe(
      'A constraint was violated: check "positive"',
    );
    expect(explain({ ...failed, code: 'P0001', message: 'raised by the script' })).toBe(
      'raised by the script',
    );
    expect(explain({ ...failed, code: 'P0001' })).toBe('Not a failure that is known around a failover.');
    // Not a SQLSTATE of class 53, though it begins like one would.
    expect(explain({ ...failed, code: '53', message: 'odd' })).toBe('odd');
  });
});
