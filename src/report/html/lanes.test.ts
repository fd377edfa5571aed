import { describe, expect, it } from 'vitest';
import { sampleOf } from '../../analysis/sample.fixture.js';
import type { Event, Result } from '../../result/result.js';
import { columnsOf } from './columns.js';
import type { Lane } from './data.js';
import { lanesOf } from './lanes.js';
import { groupsOf } from './thin.js';

const { result } = sampleOf('switchover');

function lanes(of: Result, title: string): readonly Lane[] {
  const groups = lanesOf(of, columnsOf(of, groupsOf(of)));
  return groups.find((group) => group.title === title)?.lanes ?? [];
}

/** What a lane says, `n1@0`. */
function told(lane: Lane | undefined): string[] {
  return lane?.kind === 'spans' ? lane.spans.map(({ text, fromMs }) => `${text}@${Math.round(fromMs)}`) : [];
}

function event(atMs: number, part: Partial<Event>): Event {
  return {
    atMs,
    uncertaintyMs: 0,
    layer: 'etcd',
    kind: '',
    subject: '',
    from: null,
    to: null,
    text: '',
    ...part,
  };
}

describe('lanesOf', () => {
  it('tells who led by Patroni where etcd was not watched', () => {
    const [lane, ...others] = lanes(result, 'Leader key');
    expect(others).toEqual([]);
    expect(lane?.label).toBe('Patroni');
    expect(told(lane)).toEqual(['n1@0', 'nobody@21100', 'n2@21934']);
  });

  it('tells it by etcd where that named a leader, and only then', () => {
    const watched: Event[] = [
      event(20, { kind: 'leader_key', to: 'n1' }),
      event(21_050, { kind: 'leader_key_gone', from: 'n1' }),
      event(21_900, { kind: 'leader_key_taken', to: 'n2' }),
    ];
    const [lane] = lanes({ ...result, events: [...watched, ...result.events] }, 'Leader key');
    expect(lane?.label).toBe('etcd');
    expect(told(lane)).toEqual(['n1@0', 'nobody@21050', 'n2@21900']);
    const empty = [event(20, { kind: 'leader_key', to: null })];
    expect(lanes({ ...result, events: [...empty, ...result.events] }, 'Leader key')[0]?.label).toBe(
      'Patroni',
    );
  });

  it('tells role and timeline of each node, and that it was away', () => {
    const [n1, n2] = lanes(result, 'Nodes');
    expect(told(n1)).toEqual(['primary@0', 'stopping@20640', 'standby@27400']);
    expect(told(n2)).toEqual(['standby, timeline 1@0', 'primary, timeline 2@22110']);
    const own: Event[] = [
      event(10, { layer: 'postgres', kind: 'pg_up', subject: 'n1', to: 'up' }),
      event(10, { layer: 'postgres', kind: 'role', subject: 'n1', to: 'primary' }),
      event(10, { layer: 'postgres', kind: 'timeline', subject: 'n1', to: '1' }),
      event(20_900, {
        layer: 'postgres',
        kind: 'pg_down',
        subject: 'n1',
        from: 'up',
        to: 'down',
        uncertaintyMs: 210,
      }),
      event(25_000, { layer: 'postgres', kind: 'pg_up', subject: 'n1', from: 'down', to: 'up' }),
      event(25_000, { layer: 'postgres', kind: 'demoted', subject: 'n1', from: 'primary', to: 'standby' }),
      event(25_000, { layer: 'postgres', kind: 'timeline', subject: 'n1', from: '1', to: '2' }),
    ];
    const [lane] = lanes({ ...result, events: [...own, ...result.events] }, 'Nodes');
    expect(told(lane)).toEqual(['primary, timeline 1@0', 'down@20900', 'standby, timeline 2@25000']);
    expect(lane?.kind === 'spans' ? lane.spans.map(({ uncertaintyMs }) => uncertaintyMs) : []).toEqual([
      0, 210, 0,
    ]);
  });

  it('has a lane for each server of HAProxy, rw first', () => {
    const own = lanes(result, 'HAProxy');
    expect(own.map(({ label }) => label)).toEqual(['rw/n1', 'rw/n2', 'rw/n3', 'ro/n1', 'ro/n2', 'ro/n3']);
    expect(told(own[1])).toEqual(['DOWN@0', 'UP@24570']);
  });

  it('has a lane for each server that acknowledged writes, with the time in which it did', () => {
    const own = lanes(result, 'Writes by');
    expect(own.map(({ label }) => label)).toEqual(['n1', 'n2']);
    const [n1, n2] = own;
    const to = n1?.kind === 'spans' ? n1.spans.at(-1)?.toMs : null;
    expect(to).toBeGreaterThanOrEqual(20_312);
    expect(to).toBeLessThanOrEqual(20_500);
    expect(told(n2)[0]).toMatch(/^n2@25[45]00$/);
    expect(n2?.kind === 'spans' ? n2.spans.at(-1)?.toMs : 0).toBeNull();
  });

  it('draws the outages that were measured', () => {
    const [writes] = lanes(result, 'Service');
    const downtime = result.analysis.rounds[0]?.writeDowntime;
    expect(writes?.kind === 'spans' ? writes.spans.map(({ fromMs, toMs }) => [fromMs, toMs]) : []).toEqual([
      [downtime?.fromMs, downtime?.toMs],
    ]);
  });

  it('has no lane for what was not watched', () => {
    const blind = { ...result, events: [] };
    for (const title of ['Leader key', 'Nodes', 'HAProxy']) {
      expect(lanes(blind, title)).toEqual([]);
    }
  });
});
