import { expect, it } from 'vitest';
import { faultAt } from '../analysis/sample.fixture.js';
import type { Event, FaultRecord } from '../result/result.js';
import { withObservation } from './observed.js';

const RECORD: FaultRecord = faultAt(20_000, {
  askedAtMs: 20_003,
  answer: '503 Switchover status unknown',
  observed: null,
  observedAtMs: null,
});

function leader(atMs: number, from: string | null, to: string, kind = 'leader'): Event {
  return { atMs, uncertaintyMs: 0, layer: 'patroni', kind, subject: '', from, to, text: '' };
}

it('believes the observers, not the answer', () => {
  const events = [leader(5, null, 'n1'), leader(24_000, 'n1', '', 'leader_gone'), leader(25_000, '', 'n2')];
  expect(withObservation(RECORD, events)).toMatchObject({
    observed: 'leader n1 -> n2',
    observedAtMs: 25_000,
  });
});

it('sees no change where the leader comes back, or was never gone', () => {
  const events = [leader(5, null, 'n1'), leader(24_000, 'n1', '', 'leader_gone'), leader(25_000, '', 'n1')];
  expect(withObservation(RECORD, events).observed).toBeNull();
  expect(withObservation({ ...RECORD, answer: '200 done' }, [leader(5, null, 'n1')]).observed).toBeNull();
});

it('believes etcd before Patroni, which is asked once a second only', () => {
  const events = [
    leader(1, null, 'n1', 'leader_key'),
    leader(5, null, 'n1'),
    leader(24_100, null, 'n2', 'leader_key_taken'),
    leader(25_000, 'n1', 'n2'),
  ];
  expect(withObservation(RECORD, events)).toMatchObject({
    observed: 'leader n1 -> n2',
    observedAtMs: 24_100,
  });
});
