import { expect, it } from 'vitest';
import type { RunClock } from '../clock.js';
import { notAsked } from '../faults/fault.js';
import type { FaultRecord } from '../result/result.js';
import { FaultRecords } from './fault-records.js';

function recording() {
  const told: string[] = [];
  let standing: readonly string[] = [];
  const records = new FaultRecords({
    clock: { nowMs: () => 50 } as RunClock,
    tell: (kind, atMs, text) => told.push(`${atMs} ${kind}: ${text}`),
    onStanding: (names) => {
      standing = names;
    },
  });
  return { records, told, standing: () => standing };
}

function fault(kind: string, part: Partial<FaultRecord> = {}): FaultRecord {
  return { ...notAsked({ kind, atMs: 0, options: {} }), ...part };
}

it('tells what was done, and of what stands', () => {
  const { records, told, standing } = recording();
  records.missed(fault('kill-node'));
  records.injected(
    fault('switchover', { askedAtMs: 1, subject: 'n1', answeredAtMs: 2, answer: '200 done' }),
    null,
  );
  const index = records.injected(fault('freeze-node', { askedAtMs: 3, subject: 'n2' }), async () => 'thawed');
  expect(index).toBe(2);
  expect(told).toEqual([
    '1 asked: switchover of n1 asked',
    '2 answered: switchover answered: 200 done',
    '3 asked: freeze-node of n2 asked',
  ]);
  expect(standing()).toEqual(['freeze-node of n2']);
});

it('takes back what stands, the last first, once', async () => {
  const { records, told, standing } = recording();
  const order: string[] = [];
  for (const kind of ['pause', 'config']) {
    records.injected(fault(kind), async () => {
      order.push(kind);
      return `set back ${kind}`;
    });
  }
  await records.undoAll();
  await records.undoAll();
  expect(order).toEqual(['config', 'pause']);
  expect(standing()).toEqual([]);
  expect(told).toEqual([
    '50 undone: config undone: set back config',
    '50 undone: pause undone: set back pause',
  ]);
  expect(records.at(0)).toMatchObject({ undone: 'set back pause', undoneAtMs: 50, undoFailure: null });
});

it('tries what could not be taken back again, and forgets the failure then', async () => {
  const { records, standing } = recording();
  let failures = 1;
  records.injected(fault('pause'), async () => {
    if (failures-- > 0) {
      throw new Error('nobody answers');
    }
    return 'resumed';
  });
  records.injected(fault('config'), async () => 'set back');
  await records.undoAll();
  expect(standing()).toEqual(['pause']);
  expect(records.somethingStands).toBe(true);
  expect(records.at(0)).toMatchObject({ undone: null, undoFailure: 'nobody answers' });
  await records.undoAll();
  expect(records.somethingStands).toBe(false);
  expect(records.at(0)).toMatchObject({ undone: 'resumed', undoFailure: null });
});
