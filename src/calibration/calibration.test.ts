import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Calibration, costOf, knownCost, type MeasuredLoad, type ProtocolCost } from './calibration.js';
import { notesOf } from './measure.js';
import { calibrationFile, parseCalibration, readCalibration, writeCalibration } from './store.js';

const MACHINE = { cpu: 'A CPU', cores: 4, node: 'v20.1.0', tool: '0.1.0' };

function loadOf(statements: number, costUs: number, part: Partial<MeasuredLoad> = {}): MeasuredLoad {
  const counted = { clients: 32, durationMs: 3000, transactions: 1000 };
  return { workload: 'any', statements, costUs, ...counted, busy: 0.98, waited: 0.01, ...part };
}

const COST: ProtocolCost = {
  protocol: 'prepared',
  transactionUs: 4,
  statementUs: 12,
  measured: [loadOf(1, 16), loadOf(7, 88)],
};

const CALIBRATION: Calibration = {
  format: 'pgha-bench/calibration',
  version: 1,
  at: '2025-11-01T12:00:00.000Z',
  machine: MACHINE,
  protocols: [COST],
  notes: [],
};

describe('the cost of a transaction', () => {
  it('is a line through two loads', () => {
    expect(costOf([loadOf(1, 16), loadOf(7, 88)])).toEqual({ transactionUs: 4, statementUs: 12 });
  });

  it('never gives time back', () => {
    expect(costOf([loadOf(1, 10), loadOf(7, 84)])).toEqual({ transactionUs: 0, statementUs: 12 });
  });

  it('is not known where more statements cost no more', () => {
    expect(costOf([loadOf(1, 16), loadOf(7, 16)])).toBeNull();
    expect(costOf([loadOf(1, 16), loadOf(1, 18)])).toBeNull();
  });

  it('is believed on the same machine', () => {
    expect(knownCost(CALIBRATION, MACHINE, 'prepared')).toEqual({ calibratedAt: CALIBRATION.at, cost: COST });
  });

  it.each([
    ['another CPU', { cpu: 'B CPU' }],
    ['4 cores, and here are 8', { cores: 8 }],
    ['Node v20.1.0, and this is v22.0.0', { node: 'v22.0.0' }],
    ['pgha-bench 0.1.0, and this is 0.2.0', { tool: '0.2.0' }],
  ])('is not believed when it is of %s', (found, part) => {
    const missing = `The calibration of 2025-11-01 is of ${found}: 'pgha-bench calibrate' measures again.`;
    expect(knownCost(CALIBRATION, { ...MACHINE, ...part }, 'prepared')).toEqual({ missing });
  });

  it('is not known of a protocol that was not measured', () => {
    expect(knownCost(CALIBRATION, MACHINE, 'simple')).toMatchObject({ missing: /protocol simple/ });
  });
});

describe('what makes a calibration less certain', () => {
  const notes = (part: Partial<MeasuredLoad>, cores = 4) =>
    notesOf([{ ...COST, measured: [loadOf(1, 16, part), loadOf(7, 88)] }], cores).join(' ');

  it('is told', () => {
    expect(notes({})).toBe('');
    expect(notes({ waited: 0.3 })).toContain('not quiet: the worker waited for a core for up to 30 %');
    expect(notes({ busy: 0.6 })).toContain('as little as 60 %');
    expect(notes({ busy: 0.5, waited: 0.5 }, 1)).toMatch(/^There is one core, [^.]*\.$/);
    expect(notes({ busy: null, waited: null })).toContain('does not tell the CPU of a thread');
  });
});

describe('the file of a calibration', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgha-bench-calibration-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is read as it was written, in a directory that was not there', async () => {
    const state = join(directory, 'a', 'b');
    expect(await writeCalibration(state, CALIBRATION)).toBe(calibrationFile(state));
    expect(await readCalibration(state)).toEqual(CALIBRATION);
    expect(await readdir(state)).toEqual(['calibration.json']);
  });

  it('need not be there', async () => {
    expect(await readCalibration(directory)).toMatchObject({
      missing: /not calibrated: 'pgha-bench calibrate'/,
    });
  });

  it('that is damaged is no calibration, and no reason to fail', async () => {
    await writeFile(calibrationFile(directory), '{"format":');
    expect(await readCalibration(directory)).toMatchObject({ missing: /damaged/ });
  });

  it('that cannot be written is said in one line', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(writeCalibration(join(directory, 'file'), CALIBRATION)).rejects.toThrow(
      /^The calibration must be writable at [^\n]*--state-dir[^\n]*$/,
    );
  });

  it.each([
    ['of another format', { format: 'other' }],
    ['of another version', { version: 2 }],
    ['without a date', { at: 'yesterday' }],
    ['without a machine', { machine: null }],
    ['with a machine without cores', { machine: { ...MACHINE, cores: 0 } }],
    ['with statements for nothing', { protocols: [{ ...COST, statementUs: 0 }] }],
    ['with transactions for less than nothing', { protocols: [{ ...COST, transactionUs: -12 }] }],
    ['with a load too few', { protocols: [{ ...COST, measured: [loadOf(1, 16)] }] }],
    ['without notes', { notes: undefined }],
  ])('%s is none', (_, part) => {
    expect(parseCalibration(JSON.stringify(CALIBRATION))).toEqual(CALIBRATION);
    expect(parseCalibration(JSON.stringify({ ...CALIBRATION, ...part }))).toBeNull();
  });
});
