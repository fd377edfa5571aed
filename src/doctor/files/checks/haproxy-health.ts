import type { Complaint } from '../../finding.js';
import { type FileCheck, type FilesEvidence, lookAt } from '../evidence.js';
import { type HaproxyConfigFile, type HaproxyProxy, haproxyMs, type Server } from '../haproxy-config.js';
import { place } from '../located.js';
import { memberAt, postgresProxies, roleOf, roleOfName, roleOfPath } from '../proxy-role.js';

/** How HAProxy learns who the leader is. */
export const HAPROXY_HEALTH_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-haproxy-checks',
    layer: 'haproxy',
    about: "each server is checked, by Patroni's answer",
    look: overProxies(unchecked),
  },
  {
    id: 'file-haproxy-path',
    layer: 'haproxy',
    about: 'the read-write port asks for the primary, the read-only one for replicas',
    look: overProxies(wrongPath),
  },
  {
    id: 'file-haproxy-roles',
    layer: 'haproxy',
    about: 'there is a read-write port',
    look: lookAt(['haproxy'], ({ haproxy, patroni }) =>
      haproxy.flatMap((file) => noReadWrite(file, patroni)),
    ),
  },
  {
    id: 'file-haproxy-check-port',
    layer: 'haproxy',
    about: "checks go to the port of the member's API",
    look: lookAt(['haproxy'], (evidence) =>
      evidence.haproxy.flatMap((file) =>
        postgresProxies(file, evidence.patroni).flatMap((proxy) => checkPorts(file, proxy, evidence)),
      ),
    ),
  },
  {
    id: 'file-haproxy-sessions',
    layer: 'haproxy',
    about: 'sessions end with the server that they are on: on-marked-down shutdown-sessions',
    look: overProxies(keptSessions),
  },
  {
    id: 'file-haproxy-method',
    layer: 'haproxy',
    about: 'checks do not ask for a page that nobody reads',
    look: overProxies(getRequests),
  },
  {
    id: 'file-haproxy-frozen',
    layer: 'haproxy',
    about: 'a frozen primary is out before the new one is in',
    look: lookAt(['haproxy', 'patroni'], (evidence) =>
      evidence.haproxy.flatMap((file) =>
        postgresProxies(file, evidence.patroni).flatMap((proxy) => frozen(file, proxy, evidence)),
      ),
    ),
  },
];

function overProxies(
  look: (file: HaproxyConfigFile, proxy: HaproxyProxy) => readonly Complaint[],
): FileCheck['look'] {
  return lookAt(['haproxy'], ({ haproxy, patroni }) =>
    haproxy.flatMap((file) => postgresProxies(file, patroni).flatMap((proxy) => look(file, proxy))),
  );
}

function unchecked(file: HaproxyConfigFile, proxy: HaproxyProxy): readonly Complaint[] {
  if (proxy.httpCheck === null) {
    return [
      {
        severity: 'refuse',
        subject: place(file, proxy),
        found: `${proxy.name} has no option httpchk.`,
        why: 'HAProxy would take every server that accepts connections, replicas as well as the primary.',
        fix: "Add 'option httpchk OPTIONS /primary' and 'http-check expect status 200' (/replica where reads go).",
      },
    ];
  }
  const without = proxy.servers.filter(({ words }) => !words.has('check'));
  const [first] = without;
  return first === undefined
    ? []
    : [
        {
          severity: 'refuse',
          subject: place(file, first),
          found: `${without.map(({ name }) => name).join(', ')} of ${proxy.name} ${without.length === 1 ? 'is' : 'are'} not checked.`,
          why: 'A server without check is always UP: connections go to it whatever its role is, and whether it lives.',
          fix: "Write 'check port 8008' at the end of the server's line.",
        },
      ];
}

function wrongPath(file: HaproxyConfigFile, proxy: HaproxyProxy): readonly Complaint[] {
  const meant = roleOfName(proxy);
  if (proxy.httpCheck === null) {
    return [];
  }
  const asked = roleOfPath(proxy.httpCheck.path);
  const subject = place(file, proxy.httpCheck);
  if (asked === null) {
    return [
      {
        severity: 'warn',
        subject,
        found: `${proxy.name} asks for ${proxy.httpCheck.path}, which is no check of Patroni's.`,
        why: 'What Patroni answers there says nothing of the role of the server.',
        fix: 'Ask for /primary where writes go, and for /replica where reads go.',
      },
    ];
  }
  return meant === null || meant === asked
    ? []
    : [
        {
          severity: 'refuse',
          subject,
          found: `${proxy.name}, by its name and port for ${meant === 'rw' ? 'writes' : 'reads'}, asks for ${proxy.httpCheck.path}.`,
          why:
            meant === 'rw'
              ? 'Every write would end at a replica, and fail.'
              : 'Reads would go to the primary, the load that they were to take off it.',
          fix: `Write 'option httpchk OPTIONS ${meant === 'rw' ? '/primary' : '/replica'}'.`,
        },
      ];
}

function noReadWrite(file: HaproxyConfigFile, patroni: FilesEvidence['patroni']): readonly Complaint[] {
  const proxies = postgresProxies(file, patroni);
  const isThere = proxies.some((proxy) => roleOf(proxy) === 'rw' || proxy.httpCheck === null);
  return isThere
    ? []
    : [
        {
          severity: 'refuse',
          subject: file.path,
          found: 'No listener or backend has servers that are asked for the primary.',
          why: 'There is no address that stays with the leader: a run has nothing to write to.',
          fix: "Add a 'listen' with 'option httpchk OPTIONS /primary' and a server for each member.",
        },
      ];
}

function checkPorts(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  { patroni }: FilesEvidence,
): readonly Complaint[] {
  if (proxy.httpCheck === null) {
    return [];
  }
  return proxy.servers.flatMap((server): readonly Complaint[] => {
    const { address, words } = server;
    if (address === undefined || !words.has('check')) {
      return [];
    }
    const member = memberAt(server, proxy, patroni);
    const asked = Number(words.get('port') ?? address.port);
    const api = member?.api.connect?.value.port;
    if (words.has('port') ? api === undefined || api === asked : api === address.port) {
      return [];
    }
    return [
      {
        severity: 'refuse',
        subject: place(file, server),
        found: words.has('port')
          ? `${server.name} of ${proxy.name} is checked at port ${asked}, and Patroni's API there is at ${api}.`
          : `${server.name} of ${proxy.name} is checked at PostgreSQL's own port, ${asked}.`,
        why: 'Nobody answers the check there: the server is DOWN whatever its role is.',
        fix: `Write 'check port ${api ?? 8008}'.`,
      },
    ];
  });
}

function keptSessions(file: HaproxyConfigFile, proxy: HaproxyProxy): readonly Complaint[] {
  const keeping = proxy.servers.filter(({ words }) => words.get('on-marked-down') !== 'shutdown-sessions');
  const [first] = keeping;
  return first === undefined || roleOf(proxy) !== 'rw'
    ? []
    : [
        {
          severity: 'warn',
          subject: place(file, first),
          found: `${proxy.name} has no on-marked-down shutdown-sessions for ${keeping.map(({ name }) => name).join(', ')}.`,
          why: 'Sessions stay with a primary that is gone or frozen, and hang until the timeouts of both sides.',
          fix: 'Add it to the line of default-server.',
        },
      ];
}

function getRequests(file: HaproxyConfigFile, { name, httpCheck }: HaproxyProxy): readonly Complaint[] {
  return httpCheck?.method.toUpperCase() !== 'GET'
    ? []
    : [
        {
          severity: 'note',
          subject: place(file, httpCheck),
          found: `${name} checks with GET.`,
          why: 'HAProxy hangs up before the page is there, and Patroni logs a broken pipe at each check.',
          fix: `Write 'option httpchk OPTIONS ${httpCheck.path}'.`,
        },
      ];
}

/** For each check: the pause before it, and what it waits for an answer. `timeout check` is `inter` where it is absent. */
function frozen(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  { patroni }: FilesEvidence,
): readonly Complaint[] {
  const [member] = patroni;
  if (member === undefined || proxy.httpCheck === null || roleOf(proxy) !== 'rw') {
    return [];
  }
  const times = proxy.servers.map((server) => timesOf(server, proxy));
  const downMs = Math.max(...times.map((each) => each.downMs));
  const upMs = Math.max(...times.map((each) => each.upMs));
  const newMs = member.timing.ttl.value * 1000 + RACE_MS + upMs;
  return downMs <= newMs
    ? []
    : [
        {
          severity: 'warn',
          subject: place(file, proxy),
          found: `${proxy.name} takes up to ${seconds(downMs)} to see that a primary is frozen, and ${seconds(newMs)} to have the new one.`,
          why: 'Between the two both are UP, and every other new connection hangs at the frozen one.',
          fix: "Make 'timeout check' shorter, 2s for one, or fall smaller.",
        },
      ];
}

/** Patroni's candidates wait so long for an answer of the one that is gone. */
const RACE_MS = 2000;
const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

function timesOf({ words }: Server, proxy: HaproxyProxy): { readonly downMs: number; readonly upMs: number } {
  const inter = haproxyMs(words.get('inter') ?? '') ?? 2000;
  const fastinter = haproxyMs(words.get('fastinter') ?? '') ?? inter;
  const downinter = haproxyMs(words.get('downinter') ?? '') ?? inter;
  const wait = proxy.timeouts.get('check')?.value ?? inter;
  const [fall, rise] = [Number(words.get('fall') ?? 3), Number(words.get('rise') ?? 2)];
  return { downMs: inter + wait + (fall - 1) * (fastinter + wait), upMs: downinter + (rise - 1) * fastinter };
}
