import { describe, expect, it } from 'vitest';
import { haproxyConfigFile } from './haproxy-config.js';
import { patroniFile } from './patroni-file.js';
import { memberAt, postgresProxies } from './proxy-role.js';
import { parseYamlFile } from './yaml-file.js';

const member = (name: string, address: string) =>
  patroniFile(
    parseYamlFile(`name: ${name}\npostgresql:\n  connect_address: ${address}\n`, `${name}/patroni.yml`),
  );
const haproxy = (...lines: string[]) => haproxyConfigFile('haproxy.cfg', `${lines.join('\n')}\n`);

describe('postgresProxies', () => {
  const members = [member('n1', '10.0.0.11:5433'), member('n2', '10.0.0.12:5433')];

  it.each<readonly [is: boolean, lines: readonly string[]]>([
    [true, ['server n1 10.0.0.11:5433']],
    [true, ['server n1 10.0.0.11:6432']],
    [true, ['server n1 db1.example:5432']],
    [true, ['server x 10.0.0.99:1', 'option httpchk OPTIONS /primary']],
    [true, ['server x 10.0.0.99:1', 'option httpchk OPTIONS /replica?lag=1MB']],
    [false, ['server w 10.0.0.11:8080 check']],
    [false, ['server other 10.9.0.1:5432']],
    [false, ['server w 10.0.0.99:80 check', 'option httpchk']],
    [false, ['server w 10.0.0.99:80 check', 'option httpchk GET /health']],
  ])('is %s by %s', (is, lines) => {
    expect(postgresProxies(haproxy('backend b', ...lines), members)).toHaveLength(is ? 1 : 0);
  });

  it('goes by the port alone where no member is known', () => {
    const file = haproxy('listen a', 'server n1 10.9.0.1:5432', 'listen b', 'server w 10.9.0.1:80');
    expect(postgresProxies(file, []).map(({ name }) => name)).toEqual(['a']);
  });
});

describe('memberAt', () => {
  it('tells members of one host apart by their ports', () => {
    const members = [member('n1', '10.0.0.9:5433'), member('n2', '10.0.0.9:5434')];
    const [proxy] = haproxy('listen a', 'server x 10.0.0.9:5434', 'server y 10.0.0.9:6432').proxies;
    const found = proxy?.servers.map((server) => memberAt(server, proxy, members)?.name?.value);
    expect(found).toEqual(['n2', undefined]);
    // The file of n2 was not given: its server is not n1's.
    const alone = proxy?.servers.map((server) => memberAt(server, proxy, members.slice(0, 1)));
    expect(alone).toEqual([undefined, undefined]);
  });
});
