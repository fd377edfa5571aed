import type { Address } from '../../plan/target.js';
import { type HaproxySection, type HaproxySource, parseHaproxyFile } from './haproxy-file.js';
import type { Located } from './located.js';
import { parseAddress } from './network-address.js';

/** haproxy.cfg as far as it carries PostgreSQL, with what each proxy inherits. */
export interface HaproxyConfigFile {
  readonly path: string;
  readonly source: HaproxySource;
  readonly globalMaxconn: Located<number> | undefined;
  readonly statsSocket: Located<string> | undefined;
  readonly proxies: readonly HaproxyProxy[];
}

export interface HaproxyProxy {
  readonly kind: 'listen' | 'frontend' | 'backend';
  readonly name: string;
  readonly line: number;
  readonly mode: Located<string>;
  readonly binds: readonly Located<Address>[];
  /** Frontends that lead here, whose ports are this one's. */
  readonly frontends: readonly string[];
  readonly servers: readonly Server[];
  /** Null where servers are only connected to, which tells nothing of their role. */
  readonly httpCheck: HttpCheck | null;
  readonly maxconn: Located<number> | undefined;
  /** By the words behind `timeout`, in ms. */
  readonly timeouts: ReadonlyMap<string, Located<number>>;
  readonly stats: { readonly line: number; readonly hasAuth: boolean } | null;
}

export interface HttpCheck {
  readonly line: number;
  readonly method: string;
  readonly path: string;
}

export interface Server {
  readonly line: number;
  readonly name: string;
  readonly address: Address | undefined;
  /** Words of its own line and of default-server, values by name: `inter` → `3s`; a flag's is ''. */
  readonly words: ReadonlyMap<string, string>;
}

export function haproxyConfigFile(path: string, text: string): HaproxyConfigFile {
  const source = parseHaproxyFile(text);
  const global = linesOf(source.sections.filter(({ kind }) => kind === 'global'));
  return {
    path,
    source,
    globalMaxconn: numberBehind(global, 'maxconn'),
    statsSocket: global
      .filter(({ words: [a, b] }) => a === 'stats' && b === 'socket')
      .map(({ words, line }) => ({ value: words[2] ?? '', line }))
      .at(-1),
    proxies: proxiesOf(source.sections),
  };
}

/** `3s`, `500ms`; a bare number is of milliseconds. */
export function haproxyMs(text: string): number | undefined {
  const [, digits = '', unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  return digits === '' ? undefined : Number(digits) * (UNIT_MS.get(unit) ?? 1);
}

const UNIT_MS = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

function proxiesOf(sections: readonly HaproxySection[]): readonly HaproxyProxy[] {
  const proxies: HaproxyProxy[] = [];
  const named = new Map<string, HaproxySection>();
  let defaults: HaproxySection | undefined;
  for (const section of sections) {
    if (section.kind === 'defaults') {
      defaults = section;
      named.set(section.name, section);
    } else if (isProxyKind(section.kind)) {
      const above = section.from === null ? defaults : named.get(section.from);
      proxies.push(proxyOf(section, section.kind, chainOf(above, named)));
    }
  }
  return proxies.map((proxy) => withFrontends(proxy, proxies, sections));
}

const isProxyKind = (kind: string): kind is HaproxyProxy['kind'] =>
  ['listen', 'frontend', 'backend'].includes(kind);

/** Defaults may take others for their base, `defaults pg from tcp`: the farthest first. */
function chainOf(
  section: HaproxySection | undefined,
  named: ReadonlyMap<string, HaproxySection>,
): readonly HaproxySection[] {
  const chain: HaproxySection[] = [];
  for (let at = section; at !== undefined && !chain.includes(at); ) {
    chain.unshift(at);
    at = at.from === null ? undefined : named.get(at.from);
  }
  return chain;
}

type Lines = readonly { readonly line: number; readonly words: readonly string[] }[];

const linesOf = (sections: readonly HaproxySection[]): Lines => sections.flatMap(({ lines }) => lines);

function proxyOf(
  section: HaproxySection,
  kind: HaproxyProxy['kind'],
  defaults: readonly HaproxySection[],
): HaproxyProxy {
  const all = linesOf([...defaults, section]);
  const mode = all.findLast(({ words }) => words[0] === 'mode');
  return {
    kind,
    name: section.name,
    line: section.line,
    mode: { value: mode?.words[1] ?? 'tcp', line: mode?.line ?? section.line },
    binds: section.lines.flatMap(({ words, line }) =>
      words[0] === 'bind' ? bindsOf(words[1] ?? '', line) : [],
    ),
    frontends: [],
    servers: serversOf(all),
    httpCheck: checkOf(all),
    maxconn: numberBehind(all, 'maxconn'),
    timeouts: timeoutsOf(all),
    stats: statsOf(section.lines),
  };
}

function withFrontends(
  proxy: HaproxyProxy,
  proxies: readonly HaproxyProxy[],
  sections: readonly HaproxySection[],
): HaproxyProxy {
  const leading = sections.filter(
    ({ kind, lines }) =>
      kind === 'frontend' &&
      lines.some(({ words: [a, b] }) => (a === 'default_backend' || a === 'use_backend') && b === proxy.name),
  );
  const names = leading.map(({ name }) => name);
  const fronts = proxies.filter(({ kind, name }) => kind === 'frontend' && names.includes(name));
  return { ...proxy, frontends: names, binds: [...proxy.binds, ...fronts.flatMap(({ binds }) => binds)] };
}

function bindsOf(text: string, line: number): readonly Located<Address>[] {
  return text.split(',').flatMap((part) => {
    const bare = part.replace(/^(ipv[46]|tcp[46]?)@/, '').replace(/^:/, '*:');
    const value = parseAddress(bare, 0);
    return value === undefined || value.port === 0 ? [] : [{ value, line }];
  });
}

/** Words that have another one behind them, as far as a PostgreSQL server line has them. */
const VALUED = new Set([
  ...['inter', 'fastinter', 'downinter', 'rise', 'fall', 'port', 'addr', 'maxconn', 'minconn', 'maxqueue'],
  ...['weight', 'on-marked-down', 'on-marked-up', 'on-error', 'observe', 'error-limit', 'slowstart', 'track'],
  ...['check-sni', 'check-proto', 'check-alpn', 'ca-file', 'crt', 'crl-file', 'verify', 'verifyhost', 'sni'],
  ...[
    'resolvers',
    'init-addr',
    'init-state',
    'id',
    'source',
    'tcp-ut',
    'cookie',
    'ssl-min-ver',
    'ssl-max-ver',
  ],
  ...[
    'agent-port',
    'agent-addr',
    'agent-inter',
    'agent-send',
    'pool-max-conn',
    'namespace',
    'resolve-prefer',
  ],
]);

/** default-server holds for the servers below it. */
function serversOf(lines: Lines): readonly Server[] {
  const servers: Server[] = [];
  let inherited: ReadonlyMap<string, string> = new Map();
  for (const { line, words } of lines) {
    if (words[0] === 'default-server') {
      inherited = new Map([...inherited, ...serverWords(words.slice(1))]);
    } else if (words[0] === 'server') {
      const [, name = '', address = '', ...rest] = words;
      const merged = new Map([...inherited, ...serverWords(rest)]);
      if (merged.has('no-check')) {
        merged.delete('check');
      }
      servers.push({ line, name, address: serverAddress(address), words: merged });
    }
  }
  return servers;
}

function serverWords(words: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const isValued = VALUED.has(word);
    found.set(word, isValued ? (words[at + 1] ?? '') : '');
    at += isValued ? 1 : 0;
  }
  return found;
}

function serverAddress(text: string): Address | undefined {
  return /[@/]/.test(text.replace(/^ipv[46]@/, ''))
    ? undefined
    : parseAddress(text.replace(/^ipv[46]@/, ''), 0);
}

/** HAProxy asks `OPTIONS /` where nothing else is said; `http-check send` is the newer way to say it. */
function checkOf(lines: Lines): HttpCheck | null {
  let check: HttpCheck | null = null;
  for (const { line, words } of lines) {
    if (words[0] === 'no' && words[1] === 'option' && words[2] === 'httpchk') {
      check = null;
    } else if (words[0] === 'option' && words[1] === 'httpchk') {
      const [first, second] = words.slice(2);
      const method = second === undefined ? 'OPTIONS' : (first ?? '');
      check = { line, method, path: second ?? first ?? '/' };
    } else if (check !== null && words[0] === 'http-check' && words[1] === 'send') {
      const behind = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
      check = { line, method: behind('meth') ?? check.method, path: behind('uri') ?? check.path };
    }
  }
  return check;
}

function timeoutsOf(lines: Lines): ReadonlyMap<string, Located<number>> {
  const timeouts = new Map<string, Located<number>>();
  for (const { line, words } of lines) {
    const value = words[0] === 'timeout' ? haproxyMs(words[2] ?? '') : undefined;
    if (value !== undefined) {
      timeouts.set(words[1] ?? '', { value, line });
    }
  }
  return timeouts;
}

function statsOf(lines: Lines): HaproxyProxy['stats'] {
  const stats = lines.filter(({ words }) => words[0] === 'stats');
  const shown = stats.find(({ words: [, b] }) => ['enable', 'uri', 'auth'].includes(b ?? ''));
  const access = lines.some(
    ({ words: [a, b] }) => (a === 'stats' && b === 'auth') || (a ?? '') === 'http-request',
  );
  return shown === undefined ? null : { line: shown.line, hasAuth: access };
}

function numberBehind(lines: Lines, word: string): Located<number> | undefined {
  const found = lines.findLast(({ words }) => words[0] === word);
  const value = Number(found?.words[1]);
  return found === undefined || !Number.isInteger(value) ? undefined : { value, line: found.line };
}
