import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connections, ScriptPlan } from './plan.js';
import { clientsByRoute, connectionsByRoute, routeOfClient } from './ports.js';
import type { Route } from './target.js';

type Weighted = readonly [Route, number];

function planOf(clients: number, scripts: readonly Weighted[], connections: Connections = 'per-client') {
  const workload = {
    name: 'mix',
    options: {},
    variables: {},
    scripts: scripts.map(
      ([route, weight], index): ScriptPlan => ({
        name: `script ${index}`,
        weight,
        route,
        writes: route === 'rw',
        source: { kind: 'text', text: '' },
      }),
    ),
  };
  return { clients, connections, workload };
}

function routesOf(plan: ReturnType<typeof planOf>): (Route | 'both')[] {
  return Array.from({ length: plan.clients }, (_, client) => routeOfClient(plan, client));
}

describe('routeOfClient', () => {
  it('sends all clients to the one port that there are scripts for', () => {
    for (const connections of ['per-client', 'per-script'] as const) {
      expect(routesOf(planOf(3, [['rw', 1]], connections))).toEqual(['rw', 'rw', 'rw']);
      expect(routesOf(planOf(2, [['ro', 5]], connections))).toEqual(['ro', 'ro']);
    }
  });

  it('leaves scripts out that are never run', () => {
    const scripts: Weighted[] = [
      ['rw', 0],
      ['ro', 1],
    ];
    expect(routesOf(planOf(2, scripts))).toEqual(['ro', 'ro']);
    expect(routesOf(planOf(2, scripts, 'per-script'))).toEqual(['ro', 'ro']);
  });

  it('deals clients out by weight, evenly over their numbers', () => {
    const tenth = planOf(10, [
      ['rw', 1],
      ['ro', 4],
      ['ro', 5],
    ]);
    expect(routesOf(tenth).filter((route) => route === 'rw')).toHaveLength(1);
    const half = planOf(6, [
      ['rw', 2],
      ['ro', 2],
    ]);
    expect(routesOf(half)).toEqual(['rw', 'ro', 'rw', 'ro', 'rw', 'ro']);
  });

  it('lets each client serve both ports where it has a connection for each script', () => {
    const scripts: Weighted[] = [
      ['rw', 1],
      ['ro', 1],
    ];
    expect(routesOf(planOf(2, scripts, 'per-script'))).toEqual(['both', 'both']);
  });

  it('leaves no port without a client, and none with more than its share', () => {
    const weight = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), weight, weight, (clients, rw, ro) => {
        const plan = planOf(clients, [
          ['rw', rw],
          ['ro', ro],
        ]);
        const readers = routesOf(plan).filter((route) => route === 'ro').length;
        const share = (clients * ro) / (ro + rw);
        expect(routesOf(plan)).not.toContain('both');
        expect(readers).toBeGreaterThanOrEqual(1);
        expect(readers).toBeLessThanOrEqual(clients - 1);
        expect(Math.abs(readers - Math.min(Math.max(share, 1), clients - 1))).toBeLessThanOrEqual(0.5);
        expect(clientsByRoute(plan)).toEqual({ rw: clients - readers, ro: readers });
      }),
    );
  });

  it('gives any run of neighbouring clients its share, to less than one client', () => {
    const weight = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), weight, weight, (clients, rw, ro) => {
        const plan = planOf(clients, [
          ['rw', rw],
          ['ro', ro],
        ]);
        const routes = routesOf(plan);
        const readers = routes.filter((route) => route === 'ro').length;
        for (let from = 0; from < clients; from++) {
          for (let to = from + 1; to <= clients; to++) {
            const own = routes.slice(from, to).filter((route) => route === 'ro').length;
            expect(Math.abs(own - ((to - from) * readers) / clients)).toBeLessThan(1);
          }
        }
      }),
    );
  });
});

describe('clientsByRoute', () => {
  it('counts a client that serves both ports for each', () => {
    const scripts: Weighted[] = [
      ['rw', 1],
      ['ro', 1],
    ];
    expect(clientsByRoute(planOf(1, scripts))).toEqual({ rw: 1, ro: 1 });
    expect(clientsByRoute(planOf(4, scripts, 'per-script'))).toEqual({ rw: 4, ro: 4 });
    expect(clientsByRoute(planOf(4, [['rw', 1]]))).toEqual({ rw: 4, ro: 0 });
  });
});

describe('connectionsByRoute', () => {
  const weighted = fc.tuple(fc.constantFrom<Route>('rw', 'ro'), fc.nat({ max: 3 }));
  const scripts = fc
    .array(weighted, { minLength: 1, maxLength: 5 })
    .filter((all) => all.some(([, w]) => w > 0));
  const clients = fc.integer({ min: 2, max: 200 });

  it('counts one for each client, or one for each of its scripts that is ever run', () => {
    fc.assert(
      fc.property(clients, scripts, (count, all) => {
        const one = connectionsByRoute(planOf(count, all));
        expect(one.rw + one.ro).toBe(count);
        expect(one).toEqual(clientsByRoute(planOf(count, all)));
        const each = connectionsByRoute(planOf(count, all, 'per-script'));
        for (const route of ['rw', 'ro'] as const) {
          const run = all.filter(([of, weight]) => of === route && weight > 0);
          expect(each[route]).toBe(count * run.length);
        }
      }),
    );
  });
});
