import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import type { Arguments, Environment } from './arguments.js';
import { patroniTarget } from './patroni-way.js';
import { givenTarget, isTargetGiven } from './target.js';

let directory: string;
let pem: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgha-target-'));
  pem = join(directory, 'some.pem');
  writeFileSync(pem, 'x');
});

afterAll(() => rmSync(directory, { recursive: true }));

const given = (args: Arguments, env: Environment = {}) => ({ args, env });

describe("access to Patroni's API", () => {
  const rw = 'postgresql://me@127.0.0.1:1/x';
  const patroni = 'http://127.0.0.1:1';

  it.each([
    [{ rw, 'patroni-user': 'me' }, '--patroni-user needs --patroni'],
    [{ rw, patroni, 'patroni-user': 'me' }, "password of 'me' in PGHA_BENCH_PATRONI_PASSWORD, found none"],
    [{ rw, patroni, 'patroni-ca': '/nowhere' }, '--patroni-ca: expected a PEM file, but /nowhere cannot'],
    [{ rw, patroni: 'http://me:hunter2@h' }, 'Give the user with --patroni-user'],
    [{ rw, patroni, 'patroni-insecure': 'perhaps' }, 'expected on or off'],
    [{ rw, etcd: 'db:2379' }, '--etcd: expected URLs'],
  ])('says before it connects anywhere what is wrong with %j', async (args, message) => {
    const asking = givenTarget(given(args));
    await expect(asking).rejects.toThrow(UserError);
    await expect(asking).rejects.toThrow(message);
    await expect(asking).rejects.not.toThrow('hunter2');
  });

  it('needs a certificate with its key', async () => {
    await expect(givenTarget(given({ rw, patroni, 'patroni-cert': pem }))).rejects.toThrow('need each other');
    await expect(givenTarget(given({ rw, patroni, 'patroni-key': pem }))).rejects.toThrow('need each other');
  });

  it('is of a target of the own, not of the lab', () => {
    expect(() => isTargetGiven({ 'patroni-user': 'me' })).toThrow('--patroni-user needs --rw');
    expect(() => isTargetGiven({ etcd: 'http://h:2379' })).toThrow('--etcd needs --rw');
  });

  it('puts together what was given, with the password from the environment', async () => {
    const server = createServer((_, reply) => reply.end('{"members":[]}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = { patroni: url, 'patroni-user': 'me', 'patroni-ca': pem, 'patroni-insecure': 'true' };
    try {
      expect(await patroniTarget(given(args, { PGHA_BENCH_PATRONI_PASSWORD: 'secret' }))).toEqual({
        urls: [url],
        access: { basicAuth: { user: 'me', password: 'secret' }, tls: { caFile: pem, insecure: true } },
      });
      expect(await patroniTarget(given({}))).toBeUndefined();
    } finally {
      server.close();
    }
  });
});
