import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { lookersOf } from '../observe/probes.js';
import type { Plan } from '../plan/plan.js';
import type { Endpoint } from '../plan/target.js';
import { checkServer } from './preflight.js';

const RW: Endpoint = { host: 'db', port: 5000, user: 'app', database: 'app', sslMode: 'disable' };
const ON = { probes: true, observers: true, directWrites: false };

function planOf(clients: number): Plan {
  const plan = {
    ...ON,
    clients,
    connections: 'per-client',
    target: { rw: RW, ro: RW },
    workload: { scripts: [{ route: 'rw', weight: 1 }] },
  };
  return plan as unknown as Plan;
}

function server(standby: boolean): pg.ClientBase {
  const rows = [{ standby, room: { max: 100, reserved: 3, used: 7 } }];
  return { query: async () => ({ rows }) } as unknown as pg.ClientBase;
}

describe('checkServer', () => {
  const check = (clients: number, kind: 'proxy' | 'pooler', standby = false) =>
    checkServer(server(standby), planOf(clients), { kind, servers: [] });

  it('lets in as many clients as there are connections beside those that look on', async () => {
    const room = 100 - 3 - 7 - lookersOf(planOf(1)).server;
    await check(room, 'proxy');
    await expect(check(room + 1, 'proxy')).rejects.toThrow(
      `db:5000 has 90 left (max_connections 100, 3 reserved, 7 in use). Use --clients ${room} at most`,
    );
  });

  it('counts none behind a pooler, and lets nobody write to a standby', async () => {
    await check(500, 'pooler');
    await expect(check(1, 'pooler', true)).rejects.toThrow('leads to a standby');
  });
});

describe('lookersOf', () => {
  it('counts at the server what goes past the ports, and both ends of the heartbeat', () => {
    const port = lookersOf({ ...ON, target: {} }).port;
    expect(lookersOf({ ...ON, target: {} })).toEqual({ port, server: port + 1 });
    expect(lookersOf({ ...ON, target: { ro: RW } })).toEqual({ port: port + 1, server: port + 3 });
    expect(lookersOf({ probes: false, observers: false, directWrites: true, target: {} })).toEqual({
      port: 0,
      server: 1,
    });
  });
});
