import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { hostPort } from './target.js';
import { endpointOfParts, parseUri } from './uri.js';

function refusalOf(text: string, env: Record<string, string> = {}): string {
  try {
    parseUri(text, '--rw', env);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return String(error);
  }
  throw new Error(`${text} was taken.`);
}

const endpointOf = (text: string, env: Record<string, string> = {}) => parseUri(text, '--rw', env).endpoint;

describe('parseUri', () => {
  it('takes what the URI says, and libpq defaults for the rest', () => {
    expect(parseUri('postgresql://me:s%2Fcret@db.example:6000/bench?sslmode=disable', '--rw', {})).toEqual({
      endpoint: { host: 'db.example', port: 6000, user: 'me', database: 'bench', sslMode: 'disable' },
      password: 's/cret',
      tls: 'settled',
      flag: '--rw',
    });
    expect(parseUri('postgres://[::1]', '--rw', { PGUSER: 'u', PGPASSWORD: 'p' })).toEqual({
      endpoint: { host: '::1', port: 5432, user: 'u', database: 'u', sslMode: 'disable' },
      password: 'p',
      tls: 'prefer',
      flag: '--rw',
    });
  });

  it('takes several hosts, with a port for each or one for all', () => {
    const attrs = 'target_session_attrs=read-write&load_balance_hosts=random';
    expect(endpointOf(`postgresql://u@h1:1,[::1]:2,h3/db?sslmode=require&${attrs}`)).toEqual({
      host: 'h1',
      port: 1,
      otherHosts: [
        { host: '::1', port: 2 },
        { host: 'h3', port: 5432 },
      ],
      user: 'u',
      database: 'db',
      sslMode: 'require',
      targetSessionAttrs: 'read-write',
      loadBalanceHosts: 'random',
    });
    expect(hostPort(endpointOf('host=a,b,c port=7 user=x'))).toBe('a:7,b:7,c:7');
    expect(hostPort(endpointOf('host=a,b port=7,8 user=x'))).toBe('a:7,b:8');
    expect(hostPort(endpointOf('postgresql://a,b', { PGPORT: '9' }))).toBe('a:9,b:9');
  });

  it('takes sockets, which have no TLS', () => {
    for (const text of [
      'postgresql://%2Frun%2Fpg:6/db?sslmode=verify-full',
      'postgresql:///db?host=/run/pg&port=6',
      "host = '/run/pg' port=6 dbname=db",
    ]) {
      const { endpoint, tls } = parseUri(text, '--rw', {});
      expect(endpoint).toMatchObject({ host: '/run/pg', port: 6, database: 'db', sslMode: 'disable' });
      expect(tls).toBe('settled');
    }
  });

  it('takes files, absolute whatever the working directory is later', () => {
    const given = parseUri(
      'postgresql://h?sslmode=verify-ca&sslrootcert=ca.crt&sslkey=/k&passfile=p',
      '--rw',
      {
        PGSSLCERT: 'c.crt',
        PGSSLKEY: 'other',
        PGPASSFILE: 'other',
      },
    );
    expect(given.endpoint.tlsFiles).toEqual({
      caFile: resolve('ca.crt'),
      certFile: resolve('c.crt'),
      keyFile: '/k',
    });
    expect(given.passFile).toBe('p');
    const system = parseUri('postgresql://h?sslrootcert=system', '--rw', {});
    expect(system).toMatchObject({ systemRoots: true, endpoint: { sslMode: 'verify-full' } });
    expect(system.endpoint.tlsFiles).toBeUndefined();
  });

  it('takes the environment for what is not said', () => {
    const env = {
      PGHOST: 'a,b',
      PGPORT: '1,2',
      PGUSER: 'u',
      PGPASSWORD: 'p',
      PGDATABASE: 'd',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/ca',
      PGCHANNELBINDING: 'require',
      PGTARGETSESSIONATTRS: 'standby',
      PGLOADBALANCEHOSTS: 'random',
    };
    const whole = {
      host: 'a',
      port: 1,
      otherHosts: [{ host: 'b', port: 2 }],
      user: 'u',
      database: 'd',
      sslMode: 'verify-full',
      tlsFiles: { caFile: '/ca' },
      channelBinding: 'require',
      targetSessionAttrs: 'standby',
      loadBalanceHosts: 'random',
    };
    expect(parseUri('postgresql://', '--rw', env)).toMatchObject({ endpoint: whole, password: 'p' });
    const words =
      'sslmode=disable&channel_binding=prefer&target_session_attrs=any&load_balance_hosts=disable';
    expect(parseUri(`postgresql://me:w@h:3/x?sslrootcert=/o&${words}`, '--rw', env)).toMatchObject({
      endpoint: {
        host: 'h',
        port: 3,
        user: 'me',
        database: 'x',
        sslMode: 'disable',
        tlsFiles: { caFile: '/o' },
      },
      password: 'w',
    });
    expect(Object.keys(endpointOf(`postgresql://me@h:3?${words}`, env))).not.toContain('channelBinding');
  });

  it.each([
    ['', 'expected a URI'],
    ['localhost:5432', 'begins with'],
    ['mysql://localhost/x', 'begins with'],
    ['postgresql:///x', 'with a host'],
    ['postgresql://u:hunter%2@h/x', 'hexadecimal'],
    ['postgresql://u:hunter2@h/x?sslmode=maybe', 'sslmode must be'],
    ['postgresql://u:hunter2@h/x?sslmode=verify_full', "Did you mean 'verify-full'?"],
    ['postgresql://u:hunter2@h/x?foo=1', "option 'foo'"],
    ['postgresql://u:hunter2@h/x?sslrootcrt=1', "Did you mean 'sslrootcert'?"],
    ['postgresql://u:hunter2@h/x?application_name=1', 'pgha-bench sets it'],
    ['postgresql://u:hunter2@h/x?connect_timeout=1', '--connect-timeout'],
    ['postgresql://u:hunter2@h/x?hostaddr=1.2.3.4', 'as the host'],
    ['postgresql://u:hunter2@h/x?service=s', 'service file'],
    ['postgresql://u:hunter2@h/x?sslrootcert=system&sslmode=require', 'verify-full alone'],
    ['postgresql://u:x@hunter@h/x', 'one @ at most'],
    ['postgresql://u:hunter/2@h/x', '--rw: '],
    ['postgresql://u:hunter?2@h/x', 'one @ at most'],
    ['postgresql://u:1?hunter=2@h/x', 'one @ at most'],
    ['postgresql://u:hunter?2', 'HOST:PORT'],
    ['postgresql://u:12/hunter@h/x', 'one @ at most'],
    ['postgresql://u@h:70000/x', 'from 1 to 65535'],
    ['postgresql://a,,b/x', 'in each place'],
    ['host=a,b,c port=1,2 user=x', 'or as many as hosts, which are 3'],
    ["host=a password='hunter2", 'NAME=VALUE'],
    ["host=a password='hunter'2", 'NAME=VALUE'],
    ['host=a hunter2', 'NAME=VALUE'],
  ])('refuses %s without repeating a password', (text, message) => {
    expect(refusalOf(text)).toContain(message);
    expect(refusalOf(text)).not.toContain('hunter');
  });

  it('does not pass over what libpq would follow', () => {
    expect(refusalOf('postgresql://h', { PGSERVICE: 'x' })).toContain('PGSERVICE');
    expect(refusalOf('postgresql://h', { PGHOSTADDR: '::1' })).toContain('PGHOSTADDR');
    expect(refusalOf('postgresql://h', { PGOPTIONS: '-c statement_timeout=7' })).toContain('PGOPTIONS');
    expect(refusalOf('postgresql://h', { PGSSLMODE: 'maybe' })).toContain('PGSSLMODE: sslmode must be');
  });

  const word = fc.string({ minLength: 1, unit: 'grapheme' });
  const host = fc.oneof(
    fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/),
    fc.ipV4(),
    fc.ipV6(),
    fc.stringMatching(/^\/[a-z/ .%-]{1,20}$/).map((path) => path.replace(/ /g, '_')),
  );
  const address = fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) });
  const whole = fc.record({
    addresses: fc.array(address, { minLength: 1, maxLength: 4 }),
    user: word,
    password: word,
    database: word,
  });

  it('reads back whatever is written as a URI', () => {
    fc.assert(
      fc.property(whole, ({ addresses, user, password, database }) => {
        const code = encodeURIComponent;
        const hosts = addresses.map(({ host: name, port }) =>
          name.includes(':') ? `[${name}]:${port}` : `${code(name)}:${port}`,
        );
        const text = `postgresql://${code(user)}:${code(password)}@${hosts.join(',')}/${code(database)}`;
        const given = parseUri(text, '--rw', {});
        const { host: first, port, otherHosts = [] } = given.endpoint;
        expect([{ host: first, port }, ...otherHosts]).toEqual(addresses);
        expect(given).toMatchObject({ password, endpoint: { user, database } });
      }),
    );
  });

  it('reads back whatever is written with keywords', () => {
    fc.assert(
      fc.property(whole, ({ addresses, user, password, database }) => {
        const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
        const hosts = quoted(addresses.map(({ host: name }) => name).join(','));
        const ports = addresses.map(({ port }) => port).join(',');
        const text = `host=${hosts} port = ${ports}  user=${quoted(user)} password=${quoted(password)} dbname=${quoted(database)} `;
        const given = parseUri(text, '--rw', {});
        const { host: first, port, otherHosts = [] } = given.endpoint;
        expect([{ host: first, port }, ...otherHosts]).toEqual(addresses);
        expect(given).toMatchObject({ password, endpoint: { user, database } });
      }),
    );
  });

  it('never tells a password, whatever is wrong', () => {
    const secret = 'hunter2hunter2';
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.constantFrom('', 'postgresql://', 'host=h '),
        (a, b, scheme) => {
          try {
            parseUri(`${scheme}u:${a}${secret}${b}@h`, '--rw', {});
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
            expect(String(error)).not.toContain(secret);
          }
        },
      ),
    );
  });
});

describe('endpointOfParts', () => {
  const nothing = {
    host: undefined,
    port: undefined,
    user: undefined,
    password: undefined,
    database: undefined,
  };

  it('takes parts, then the environment, then defaults', () => {
    const env = { PGHOST: 'db', PGPORT: '6000', PGUSER: 'me', PGPASSWORD: 'p', PGSSLMODE: 'require' };
    expect(endpointOfParts(nothing, 'libpq', env)).toEqual({
      endpoint: { host: 'db', port: 6000, user: 'me', database: 'me', sslMode: 'require' },
      password: 'p',
      tls: 'settled',
      flag: '--host',
    });
    const parts = { host: '::1', port: '7', user: 'u', password: 'w', database: 'd' };
    expect(endpointOfParts(parts, 'libpq', { ...env, PGSSLMODE: undefined })).toEqual({
      endpoint: { host: '::1', port: 7, user: 'u', database: 'd', sslMode: 'disable' },
      password: 'w',
      tls: 'prefer',
      flag: '--host',
    });
    expect(hostPort(endpointOfParts({ ...nothing, host: 'a,b' }, 'libpq', {}).endpoint)).toBe(
      'a:5432,b:5432',
    );
  });

  it('knows the user and database of sysbench, and sockets', () => {
    expect(endpointOfParts({ ...nothing, host: '/run/pg' }, 'sysbench', {})).toMatchObject({
      endpoint: { host: '/run/pg', port: 5432, user: 'sbtest', database: 'sbtest', sslMode: 'disable' },
      password: undefined,
      tls: 'settled',
    });
  });

  it('refuses what is no port and no name', () => {
    expect(() => endpointOfParts({ ...nothing, port: '70000' }, 'libpq', {})).toThrow('--port');
    const uri = { ...nothing, database: 'postgresql://u:hunter2@h/x' };
    expect(() => endpointOfParts(uri, 'libpq', {})).toThrow('--rw');
    expect(() => endpointOfParts(uri, 'libpq', {})).not.toThrow('hunter');
  });
});
