import { describe, expect, it } from 'vitest';
import { planOf } from '../analysis/sample.fixture.js';
import type { Frame, ProbeFrame } from '../load/frame.js';
import { OUTCOMES } from '../postgres/outcome.js';
import { ServiceWatch } from './service-watch.js';

const EMPTY: Omit<Frame, 'interval'> = {
  worker: 0,
  scripts: [],
  errors: [],
  servers: [],
  probes: [],
  heartbeats: [],
  connects: { attempts: 0, successes: 0, latency: new Uint32Array(0) },
  stallUs: 0,
};

function probe(interval: number, acks: number, failures: number): Frame {
  const atUs = interval * 100_000;
  const frame: ProbeFrame = {
    route: 'rw',
    kind: 'service',
    acks,
    failures,
    firstAckUs: acks > 0 ? atUs + 10_000 : -1,
    lastAckUs: acks > 0 ? atUs + 90_000 : -1,
    triedBeforeUs: -1,
    keptAcks: 0,
    firstKeptAckUs: -1,
    lastLsn: -1,
  } as ProbeFrame;
  return { ...EMPTY, interval, probes: [frame] };
}

function load(interval: number, acks: number): Frame {
  const none = new Uint32Array(0);
  return {
    ...EMPTY,
    interval,
    scripts: [
      {
        script: 0,
        outcomes: OUTCOMES.map((_, index) => (index === 0 ? acks : 0)),
        firstAckUs: acks > 0 ? interval * 100_000 : -1,
        lastAckUs: acks > 0 ? interval * 100_000 + 50_000 : -1,
        punctual: none,
        delayedService: none,
        delayedResponse: none,
        maxServiceUs: 0,
        maxResponseUs: 0,
        late: 0,
        retried: 0,
        retries: 0,
        lag: none,
        maxLagUs: 0,
        commands: [],
      },
    ],
  };
}

describe('ServiceWatch', () => {
  it('counts from the first acknowledgement behind the last failure of the probe', () => {
    const watch = new ServiceWatch(planOf({ probes: true }));
    for (let interval = 0; interval < 50; interval++) {
      watch.saw(interval >= 20 && interval < 30 ? probe(interval, 0, 3) : probe(interval, 5, 0));
    }
    expect(watch.servedForMs(5000, 0)).toBeCloseTo(1990);
    expect(watch.servedForMs(5000, 4000)).toBeCloseTo(1000);
    expect(watch.servedForMs(6500, 0)).toBe(0);
  });

  it('takes silence for an outage where nothing fails', () => {
    const watch = new ServiceWatch(planOf({ probes: true }));
    watch.saw(probe(0, 5, 0));
    watch.saw(probe(30, 5, 0));
    expect(watch.servedForMs(3100, 0)).toBeCloseTo(90);
  });

  it('goes by the load where there is no probe', () => {
    const watch = new ServiceWatch(planOf({ probes: false }));
    watch.saw(load(0, 5));
    watch.saw(load(5, 5));
    expect(watch.servedForMs(600, 0)).toBeCloseTo(600);
  });

  it('knows when the throughput is as it was before the first fault', () => {
    const watch = new ServiceWatch(planOf({ probes: false }));
    for (let interval = 0; interval < 100; interval++) {
      watch.saw(load(interval, 10));
    }
    watch.setUsual(10_000);
    for (let interval = 100; interval < 150; interval++) {
      watch.saw(load(interval, 5));
    }
    expect(watch.isAsUsual(15_000)).toBe(false);
    for (let interval = 150; interval < 200; interval++) {
      watch.saw(load(interval, 10));
    }
    expect(watch.isAsUsual(20_000)).toBe(true);
  });
});
