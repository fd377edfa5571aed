import type { HaproxyLine } from '../cluster/haproxy.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { given, givenBoth } from './answer.js';
import { type Make, note, refusal, warning } from './complaint.js';
import type { LiveCheck } from './evidence.js';
import type { Complaint } from './finding.js';
import { type Backend, backendsOf, isUp, memberOf } from './haproxy-backends.js';
import type { HaproxyEvidence } from './haproxy-evidence.js';
import { roomComplaints } from './haproxy-room.js';
import { brownOut } from './haproxy-timing.js';
import type { Look } from './patroni-look.js';
import { mustNotLead } from './patroni-members.js';

/** Where HAProxy sends whom, and how soon it would notice. */
export const HAPROXY_CHECKS: readonly LiveCheck[] = [
  {
    id: 'haproxy-asks-role',
    layer: 'haproxy',
    about: 'HAProxy asks Patroni for the role of each server, not only whether a port is open',
    look: onBackends((backends) =>
      backends.flatMap(({ proxy, side, endpoint, servers }) =>
        (side === null ? [] : servers)
          .filter(
            ({ status, checkStatus }) => status === 'no check' || /^(L4OK|L6OK)$/.test(checkStatus ?? ''),
          )
          .map(({ server, status }) =>
            graver(endpoint, warning)(
              `${proxy}/${server}`,
              status === 'no check'
                ? `HAProxy does not check ${proxy}/${server}.`
                : `HAProxy checks only whether ${proxy}/${server} takes connections.`,
              'It sends writes to standbys, and goes on doing so after a failover.',
              `'option httpchk OPTIONS /primary' (or /replica), and 'check port 8008' on the server line`,
            ),
          ),
      ),
    ),
  },
  {
    id: 'haproxy-brown-out',
    layer: 'haproxy',
    about: 'HAProxy leaves a frozen server before the next leader takes over',
    look: ({ patroni, haproxy }) =>
      givenBoth(patroni, haproxy, ({ config }, { checks }) =>
        given(config, (settings): Look => brownOut(settings, checks)),
      ),
  },
  {
    id: 'haproxy-check-port',
    layer: 'haproxy',
    about: 'HAProxy checks a server by the Patroni of that same server',
    look: onCluster((members, { checkAddresses }) =>
      given(checkAddresses, (addresses) =>
        addresses.flatMap(({ proxy, server, host, port, checkHost, checkPort }) => {
          const member = members.find((each) => each.host === host && each.port === port);
          const asked = members.find(({ apiUrl }) => portOf(apiUrl) === `${checkHost}:${checkPort}`);
          if (member === undefined || asked === undefined || asked === member) {
            return [];
          }
          return [
            refusal(
              `${proxy}/${server}`,
              `HAProxy sends ${proxy}/${server} to ${member.name}, and asks ${asked.name} whether it may.`,
              'It cuts the clients of a healthy primary, and sends them to whoever does not lead.',
              `'check port' and 'check addr' of ${server} must be those of the Patroni of ${member.name}.`,
            ),
          ];
        }),
      ),
    ),
  },
  {
    id: 'haproxy-in-service',
    layer: 'haproxy',
    about: 'no server is taken out of service by hand',
    look: onBackends((backends) =>
      backends.flatMap(({ proxy, servers }) =>
        servers
          .filter(({ status }) => /^(MAINT|DRAIN|NOLB)/.test(status))
          .map(({ server, status }) =>
            warning(
              `${proxy}/${server}`,
              `${proxy}/${server} is in ${status}.`,
              'When that member leads, nobody gets to it: the outage would last until somebody acts.',
              `echo 'set server ${proxy}/${server} state ready' | socat - SOCKET`,
            ),
          ),
      ),
    ),
  },
  {
    id: 'haproxy-one-process',
    layer: 'haproxy',
    about: 'no old process of HAProxy is left after a reload',
    look: onHaproxy(({ pids }) =>
      given(pids, (running) =>
        running.length < 2
          ? []
          : [
              warning(
                null,
                `${running.length} processes of HAProxy run: ${running.join(', ')}.`,
                'An old one checks nothing any more: its clients stay with the old leader after a failover.',
                'End their sessions, or set hard-stop-after and reload again.',
              ),
            ],
      ),
    ),
  },
  {
    id: 'haproxy-ro',
    layer: 'haproxy',
    about: 'the read-only port has a server that is UP',
    look: onBackends((backends) =>
      backends
        .filter(({ side, servers }) => side === 'ro' && !servers.some(isUp))
        .map(({ proxy, endpoint, servers }) =>
          graver(endpoint, note)(
            proxy,
            `HAProxy has no server UP for ${proxy}: ${statesOf(servers)}.`,
            'Reads through it fail, and a run would tell of an outage that it did not cause.',
            'See the replicas; with two members, ask for /read-only instead of /replica.',
          ),
        ),
    ),
  },
  {
    id: 'haproxy-room',
    layer: 'haproxy',
    about: 'HAProxy takes as many connections as there are clients (maxconn)',
    look: roomComplaints,
  },
  {
    id: 'haproxy-rw',
    layer: 'haproxy',
    about: 'the read-write port has exactly one server UP, and that is the leader',
    look: onBackends((backends, members) =>
      backends.filter(({ side }) => side === 'rw').flatMap((backend) => leaderComplaints(backend, members)),
    ),
  },
  {
    id: 'haproxy-servers',
    layer: 'haproxy',
    about: "HAProxy's servers are the members of the cluster, all of them",
    look: onBackends((backends, members) =>
      backends.filter(({ side }) => side !== null).flatMap((backend) => serverComplaints(backend, members)),
    ),
  },
];

function onHaproxy(look: (haproxy: HaproxyEvidence) => Look): LiveCheck['look'] {
  return ({ haproxy }) => given(haproxy, look);
}

function onCluster(
  look: (members: readonly ClusterMember[], haproxy: HaproxyEvidence) => Look,
): LiveCheck['look'] {
  return ({ patroni, haproxy }) =>
    givenBoth(haproxy, patroni, (proxy, { cluster }) =>
      given(cluster, ({ members }) => look(members, proxy)),
    );
}

/** Only proxies that send to members of the cluster are looked at: others are none of ours. */
function onBackends(
  look: (backends: readonly Backend[], members: readonly ClusterMember[]) => Look,
): LiveCheck['look'] {
  return onCluster((members, { stats, paths }) =>
    given(stats, (lines) => {
      const backends = backendsOf(lines, members, paths);
      return backends.length === 0
        ? 'HAProxy has no proxy that sends to members of the cluster'
        : look(backends, members);
    }),
  );
}

/** What the load does not come by cannot make its run fail. */
function graver(endpoint: Backend['endpoint'], otherwise: Make): Make {
  return endpoint === null ? otherwise : refusal;
}

function leaderComplaints(
  { proxy, endpoint, servers }: Backend,
  members: readonly ClusterMember[],
): readonly Complaint[] {
  const up = servers.filter(isUp);
  const leader = members.find(({ role }) => role === 'leader' || role === 'standby_leader');
  const complaint = graver(endpoint, warning);
  if (up.length !== 1) {
    return [
      complaint(
        proxy,
        `HAProxy has ${up.length === 0 ? 'no server' : `${up.length} servers`} UP for ${proxy}: ${statesOf(servers)}.`,
        up.length === 0
          ? 'Writes through it fail, and a run would tell of an outage that it did not cause.'
          : 'Part of the writes goes to a standby, and fails.',
        "See what its checks say: 'show stat' on its socket, and Patroni's /primary.",
      ),
    ];
  }
  const [server] = up;
  const member = server === undefined ? undefined : memberOf(server, members);
  return member === undefined || leader === undefined || member === leader
    ? []
    : [
        complaint(
          proxy,
          `HAProxy sends ${proxy} to ${member.name}, and ${leader.name} leads.`,
          'Writes fail there.',
          "See which path its check asks for: '/primary' on the read-write port.",
        ),
      ];
}

function serverComplaints(
  { proxy, side, endpoint, servers }: Backend,
  members: readonly ClusterMember[],
): readonly Complaint[] {
  const strangers = servers.filter(
    (server) => server.address !== null && memberOf(server, members) === undefined,
  );
  const missing = members.filter(
    (member) => isWanted(member, side) && !servers.some((server) => memberOf(server, members) === member),
  );
  return [
    ...strangers.map((server) => strangerComplaint(proxy, endpoint, server)),
    // One whose address is not told may be any.
    ...(servers.some(({ address }) => address === null) ? [] : missing).map(({ name, host, port }) =>
      warning(
        proxy,
        `${proxy} has no server for ${name} (${host}:${port}).`,
        side === 'rw' ? `When ${name} leads, nobody gets to it.` : `Nobody reads from ${name}.`,
        `Add 'server ${name} ${host}:${port} check port 8008' to ${proxy}.`,
      ),
    ),
  ];
}

/** A member that was stopped is none any more when its key has run out, and HAProxy sends nobody to it. */
function strangerComplaint(proxy: string, endpoint: Backend['endpoint'], line: HaproxyLine): Complaint {
  const { server, address } = line;
  const subject = `${proxy}/${server}`;
  return isUp(line)
    ? graver(endpoint, warning)(
        subject,
        `${subject} is ${address}, which is no member of the cluster.`,
        'Clients may be sent to a server of another cluster.',
        `Take ${server} out of ${proxy}.`,
      )
    : warning(
        subject,
        `${subject} is ${address}, which is no member of the cluster now, and is ${line.status}.`,
        'If it is a member that was stopped, the cluster has less to fall back on; if not, it may come UP.',
        `Start Patroni there, or take ${server} out of ${proxy}.`,
      );
}

/** Who must not lead need not be found by writers, and who is not to be read from not by readers. */
function isWanted({ tags }: ClusterMember, side: Backend['side']): boolean {
  return side === 'rw' ? !mustNotLead(tags) : tags['noloadbalance'] !== true;
}

function statesOf(servers: readonly HaproxyLine[]): string {
  return servers
    .map(
      ({ server, status, checkCode }) => `${server} ${status}${checkCode === null ? '' : ` (${checkCode})`}`,
    )
    .join(', ');
}

/** `127.0.0.1:8008` of an API's URL. */
function portOf(apiUrl: string): string | null {
  try {
    const { hostname, port, protocol } = new URL(apiUrl);
    const usual = protocol === 'https:' ? '443' : '80';
    return `${hostname.replace(/^\[(.*)\]$/, '$1')}:${port || usual}`;
  } catch {
    return null;
  }
}
