import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../errors.js';
import { hbaAnswer } from '../hba.js';
import { parseEnvironmentFile } from './environment-file.js';
import { etcdFromEnvironment, initialCluster } from './etcd-file.js';
import { kindOf } from './file-kind.js';
import { goodFiles } from './good-set.fixture.js';
import { haproxyConfigFile, haproxyMs } from './haproxy-config.js';
import { haproxyWords, parseHaproxyFile } from './haproxy-file.js';
import { isInNetwork, parseAddress, parseListen } from './network-address.js';
import { parseHba } from './pg-hba.js';
import { parseUnitFile, unitValue } from './unit-file.js';
import { parseYamlFile } from './yaml-file.js';

const GOOD = goodFiles();

/** Texts that look a little like configuration, so that more than the first line of a parser is reached. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        'global',
        'listen',
        'from',
        'server',
        'a',
        ':',
        '=',
        '"',
        "'",
        '\\',
        '#',
        '\n',
        ' ',
        '[',
        ']',
        '&x',
        '*x',
        '- ',
        'ETCD_NAME',
        'host',
        '10.0.0.1:5432',
        'option httpchk',
        'default-server',
        '\t',
        '<<',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
);

describe('whatever a file holds', () => {
  it('no parser throws anything but what the user is told', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        haproxyConfigFile('haproxy.cfg', text);
        parseUnitFile('x.service', text);
        etcdFromEnvironment('etcd', parseEnvironmentFile(text));
        parseHba(text.split('\n').map((value, index) => ({ value, line: index + 1 })));
        kindOf(text);
        parseAddress(text, 5432);
        parseListen(text, 5432);
        isInNetwork(text, text);
        try {
          parseYamlFile(text, 'patroni.yml').list('a', 'b');
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect(String(error)).not.toContain('\n');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('an EnvironmentFile', () => {
  const quoted = (value: string) => `"${value.replace(/(["\\$`])/g, '\\$1')}"`;

  it('gives back what was written in double quotes', () => {
    const value = fc.string({ unit: fc.constantFrom(...'ab $"\'\\`#;=:/,0') });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/), value), (values) => {
        const lines = Object.entries(values).map(([name, each]) => `${name}=${quoted(each)}`);
        const { values: read, ignored } = parseEnvironmentFile(`# of etcd\n\n${lines.join('\n')}\n`);
        expect(ignored).toEqual([]);
        expect([...read].map(([name, each]) => [name, each.value])).toEqual(Object.entries(values));
        expect([...read.values()].map(({ line }) => line)).toEqual(lines.map((_, index) => index + 3));
      }),
    );
  });

  it.each([
    ['A=1', '1'],
    ["A='x # y'", 'x # y'],
    ['A=x y  ', 'x y'],
    ['  A = "x"', 'x'],
    ['A="x"\'y\'', 'xy'],
    ['A=http://h:1,\\\nhttp://i:1', 'http://h:1,http://i:1'],
    ['A=$HOME', '$HOME'],
    ['A=1\nA=2', '2'],
    ['A=', ''],
  ])('reads %j', (text, value) => {
    expect(parseEnvironmentFile(text).values.get('A')?.value).toBe(value);
  });

  it.each([
    ['export A=1', 'export A'],
    ['- A=1', '- A'],
    ['hunter2', 'no name'],
  ])('leaves out %j, and does not say its value', (text, name) => {
    const { values, ignored } = parseEnvironmentFile(`; comment\n${text}`);
    expect(values.size).toBe(0);
    expect(ignored).toEqual([{ value: name, line: 2 }]);
  });
});

describe('haproxy.cfg', () => {
  it('gives back words however they were quoted', () => {
    const word = fc.string({ unit: fc.constantFrom(...'ab "\'\\#\t:=/'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(word), fc.boolean(), (words, single) => {
        const quote = (text: string) =>
          single ? `'${text.replaceAll("'", `'\\''`)}'` : text.replace(/[\s"'\\#]/g, '\\$&');
        expect(haproxyWords(`  ${words.map(quote).join(' ')} # comment`)).toEqual(words);
      }),
    );
  });

  it('has sections by their first word, wherever it stands', () => {
    const { sections, stray } = parseHaproxyFile('x 1\n global\nmaxconn 5\nlisten rw from tcp\n bind :1\n');
    expect(stray).toEqual([{ value: 'x', line: 1 }]);
    expect(
      sections.map(({ kind, name, from, line, lines }) => [kind, name, from, line, lines.length]),
    ).toEqual([
      ['global', '', null, 2, 1],
      ['listen', 'rw', 'tcp', 4, 1],
    ]);
  });

  it('inherits from the defaults above, or from those that it names', () => {
    const { proxies } = haproxyConfigFile(
      'haproxy.cfg',
      `defaults web
  mode http
  timeout check 9s
defaults pg from web
  mode tcp
  default-server inter 5s fall 4
listen a
  server s 10.0.0.1:1
  default-server fall 7
  server t 10.0.0.2:1 check inter 1s
listen b from web
  server s 10.0.0.1:1
frontend f
  bind :5000,[::]:5001
  default_backend a
`,
    );
    const [a, b] = proxies;
    expect([a?.mode.value, b?.mode.value]).toEqual(['tcp', 'http']);
    expect(a?.timeouts.get('check')).toEqual({ value: 9000, line: 3 });
    expect(a?.servers.map(({ words }) => Object.fromEntries(words))).toEqual([
      { inter: '5s', fall: '4' },
      { inter: '1s', fall: '7', check: '' },
    ]);
    expect(b?.servers[0]?.words.size).toBe(0);
    expect(a?.binds.map(({ value }) => `${value.host} ${value.port}`)).toEqual(['* 5000', ':: 5001']);
  });

  it.each([
    ['option httpchk', 'OPTIONS', '/'],
    ['option httpchk /replica', 'OPTIONS', '/replica'],
    ['option httpchk HEAD /primary HTTP/1.0', 'HEAD', '/primary'],
    ['option httpchk\n http-check send meth GET uri /x ver HTTP/1.1', 'GET', '/x'],
  ])('knows what %j asks for', (lines, method, path) => {
    const { proxies } = haproxyConfigFile('haproxy.cfg', `listen a\n ${lines}\n server s h:1\n`);
    expect(proxies[0]?.httpCheck).toMatchObject({ method, path });
  });

  it('has times in ms', () => {
    expect(['3s', '500', '500ms', '2m', '1500us', 'x'].map(haproxyMs)).toEqual([
      3000,
      500,
      500,
      120_000,
      1.5,
      undefined,
    ]);
  });
});

describe('pg_hba', () => {
  const hba = (...lines: string[]) => parseHba(lines.map((value, index) => ({ value, line: index + 1 })));
  const byte = fc.integer({ min: 0, max: 255 });

  it('covers an address exactly if its bits begin alike', () => {
    const address = fc.tuple(byte, byte, byte, byte);
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: 32 }), (a, b, length) => {
        const bits = (bytes: readonly number[]) =>
          bytes.map((each) => each.toString(2).padStart(8, '0')).join('');
        const { records } = hba(`host all all ${a.join('.')}/${length} trust`);
        const alike = bits(a).slice(0, length) === bits(b).slice(0, length);
        const visitor = { database: 'd', user: 'u', address: b.join('.') };
        expect(hbaAnswer(records, visitor)).toBe(alike ? 'in' : 'out');
      }),
    );
  });

  it.each([
    [['local all all peer'], 'd', 'u', null, 'in'],
    [['local all all peer'], 'd', 'u', '10.0.0.1', 'out'],
    [['host all all all md5'], 'replication', 'u', '10.0.0.1', 'out'],
    [['host replication u 10.0.0.0 255.255.255.0 md5'], 'replication', 'u', '10.0.0.9', 'in'],
    [['host all u 10.0.0.1/32 reject', 'host all all 0.0.0.0/0 md5'], 'd', 'u', '10.0.0.1', 'out'],
    [['host all all db.example md5'], 'd', 'u', '10.0.0.1', 'unknown'],
    [['host "all" "u", v ::/0 md5 # x'], 'd', 'v', '2001:db8::1', 'in'],
    [['host all all ::/0 md5'], 'd', 'v', '10.0.0.1', 'out'],
  ] as const)('%j says of %s %s from %s: %s', (lines, database, user, address, answer) => {
    const { records, wrong } = hba(...lines);
    expect(wrong).toEqual([]);
    expect(hbaAnswer(records, { database, user, address })).toBe(answer);
  });

  it('leaves out comments, and says what is no line', () => {
    expect(hba('# x', '', 'hosts all all all md5', 'host all all 10.0.0.1/32').wrong).toEqual([
      { value: "'hosts' is no type of connection", line: 3 },
      { value: 'a method is missing', line: 4 },
    ]);
  });
});

describe('patroni.yml', () => {
  it('is read as YAML 1.1, with lines, aliases and the last of two keys', () => {
    const file = parseYamlFile('a: &x\n  b: off\nc: *x\nd: 1\nd: 2\n', 'p.yml');
    expect(file.find('a', 'b')).toEqual({ value: false, line: 2 });
    expect(file.text('a', 'b')).toEqual({ value: 'off', line: 2 });
    expect(file.find('c', 'b')?.value).toBe(false);
    expect(file.text('d')?.value).toBe('2');
    expect(file.doubled).toEqual([{ value: 'd', line: 5 }]);
  });

  it.each([
    ['a: [', 'p.yml, line 1: expected YAML'],
    ['- a', 'p.yml: expected YAML with names and values, found a list'],
    ['', 'found nothing'],
  ])('refuses %j in one line', (text, message) => {
    expect(() => parseYamlFile(text, 'p.yml')).toThrow(message);
  });
});

describe('broken YAML', () => {
  it.each([
    'password: "hunter2',
    "password: 'x' hunter2",
    'a: b\n hunter2: c',
    '[hunter2',
    'a: *hunter2',
    'a: !!hunter2 x\n{',
    '- a\nhunter2',
    '%hunter2\na',
    'a: b: hunter2',
  ])('says nothing of what stands there: %j', (text) => {
    const said = () => {
      try {
        return JSON.stringify(parseYamlFile(text, 'p.yml').find('no such key') ?? null);
      } catch (error) {
        return String(error);
      }
    };
    expect(said()).not.toContain('hunter2');
  });
});

describe('a unit', () => {
  it('has values by section, joined lines, and the last one of a key', () => {
    const unit = parseUnitFile(
      '/x/a.service',
      '[Service]\nUser=a\n# c\nUser = b\nExecStart=/x \\\n  --y\n[Install]\nUser=c',
    );
    expect(unit.name).toBe('a.service');
    expect(unitValue(unit, 'Service.User')).toEqual({ value: 'b', line: 4 });
    expect(unitValue(unit, 'Service.ExecStart')?.value.replace(/\s+/g, ' ')).toBe('/x --y');
  });
});

describe('etcd', () => {
  it('has several URLs of one member, and flags above variables', () => {
    const file = etcdFromEnvironment(
      'etcd',
      parseEnvironmentFile(
        'ETCD_NAME=a\nDAEMON_ARGS="--name b --initial-cluster=b=http://h:1,b=http://i:1/"',
      ),
    );
    expect(file.settings.get('name')?.value).toBe('b');
    expect(initialCluster(file)).toEqual([
      { name: 'b', url: 'http://h:1' },
      { name: 'b', url: 'http://i:1' },
    ]);
  });
});

describe('what a file is', () => {
  it.each([
    ['pg1/patroni.yml', 'patroni'],
    ['pg1/etcd', 'etcd'],
    ['haproxy.cfg', 'haproxy'],
    ['patroni.service', 'unit'],
  ] as const)('%s is seen by its lines', (path, kind) => {
    expect(kindOf(GOOD[path] ?? '')).toBe(kind);
  });

  it.each([
    ['name: n1\ndata-dir: /x\ninitial-cluster: n1=http://h:1\n', 'etcd'],
    ['hello\n', null],
    ['local all all peer\n', null],
  ] as const)('%j is %s', (text, kind) => {
    expect(kindOf(text)).toBe(kind);
  });
});
