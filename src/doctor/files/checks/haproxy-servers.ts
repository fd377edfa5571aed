import { isIP } from 'node:net';
import { hostPort } from '../../../plan/target.js';
import type { Complaint } from '../../finding.js';
import { type FileCheck, type FilesEvidence, lookAt } from '../evidence.js';
import type { HaproxyConfigFile, HaproxyProxy, Server } from '../haproxy-config.js';
import { place } from '../located.js';
import { memberName, neverLeads, type PatroniFile, takesNoReads } from '../patroni-file.js';
import { memberAt, type ProxyRole, postgresProxies, roleOf } from '../proxy-role.js';

/** Whom HAProxy leads to. */
export const HAPROXY_SERVER_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-haproxy-servers',
    layer: 'haproxy',
    about: "HAProxy's servers are the members, all of them",
    look: overServers(others),
  },
  {
    id: 'file-haproxy-names',
    layer: 'haproxy',
    about: "HAProxy's servers have the names of the members",
    look: overServers(names),
  },
];

function overServers(
  look: (
    file: HaproxyConfigFile,
    proxy: HaproxyProxy,
    patroni: readonly PatroniFile[],
  ) => readonly Complaint[],
): FileCheck['look'] {
  return lookAt(['haproxy', 'patroni'], ({ haproxy, patroni }: FilesEvidence) =>
    haproxy.flatMap((file) => postgresProxies(file, patroni).flatMap((proxy) => look(file, proxy, patroni))),
  );
}

function others(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  patroni: readonly PatroniFile[],
): readonly Complaint[] {
  const reached = proxy.servers.map((server) => ({ server, member: memberAt(server, proxy, patroni) }));
  const members = new Set(reached.map(({ member }) => member));
  // Names and templates may stand for anything.
  if (
    reached.some(({ server, member }) => member === undefined && isName(server.address?.host ?? '')) ||
    patroni.some(
      (each) =>
        each.postgres.connect !== undefined && !members.has(each) && isName(each.postgres.connect.value.host),
    )
  ) {
    return [];
  }
  const absent = patroni.filter(
    (member) =>
      member.postgres.connect !== undefined && !members.has(member) && !isLeftOut(member, roleOf(proxy)),
  );
  const strange = reached.flatMap(({ server, member }) => (member === undefined ? server : []));
  const elsewhere = reached.flatMap(({ server, member }) => (isElsewhere(server, member) ? server : []));
  return [
    ...lacking(file, proxy, absent),
    // Of a single file it is known that the others were not given.
    ...(patroni.length > 1 ? strangers(file, proxy, strange) : []),
    ...otherPorts(file, proxy, elsewhere),
  ];
}

const isName = (host: string) => isIP(host) === 0;

/** By its tags Patroni never sends clients of that kind to the member. */
function isLeftOut(member: PatroniFile, role: ProxyRole): boolean {
  return (role === 'rw' && neverLeads(member)) || (role === 'ro' && takesNoReads(member));
}

/** PgBouncer's port says itself what is there; the bare address leaves the port to the client. */
const USUAL_PORTS = [0, 6432];

function isElsewhere({ address }: Server, member: PatroniFile | undefined): boolean {
  const port = member?.postgres.connect?.value.port;
  return (
    address !== undefined &&
    port !== undefined &&
    address.port !== port &&
    !USUAL_PORTS.includes(address.port)
  );
}

function lacking(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  absent: readonly PatroniFile[],
): readonly Complaint[] {
  return absent.length === 0
    ? []
    : [
        {
          severity: 'refuse',
          subject: place(file, proxy),
          found: `${proxy.name} has no server for ${absent.map((member) => `${memberName(member)} (${member.postgres.connect === undefined ? '' : hostPort(member.postgres.connect.value)})`).join(', ')}.`,
          why:
            roleOf(proxy) === 'ro'
              ? 'Such a replica gets no reads, and with all others away nobody answers any.'
              : 'After a failover to such a member nobody reaches the new primary.',
          fix: "Add a 'server' with its name and address, the port of PostgreSQL as in its connect_address.",
        },
      ];
}

function strangers(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  strange: readonly Server[],
): readonly Complaint[] {
  const [first] = strange;
  return first === undefined
    ? []
    : [
        {
          severity: 'warn',
          subject: place(file, first),
          found: `${namesOf(strange)} of ${proxy.name} is no member by these patroni.yml.`,
          why: 'HAProxy would ask a stranger, or one that moved, for its role.',
          fix: 'Correct its address, take it out, or give the patroni.yml that has it.',
        },
      ];
}

function otherPorts(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  elsewhere: readonly Server[],
): readonly Complaint[] {
  const [first] = elsewhere;
  return first === undefined
    ? []
    : [
        {
          severity: 'note',
          subject: place(file, first),
          found: `${namesOf(elsewhere)} of ${proxy.name} is the host of a member, and its PostgreSQL listens on another port.`,
          why: 'Where a pooler listens there, all is well; where nothing does, every connection fails.',
          fix: 'Unless it is a pooler, write the port of connect_address.',
        },
      ];
}

function namesOf(servers: readonly Server[]): string {
  return servers
    .map(({ name, address }) => `${name} (${address === undefined ? '' : hostPort(address)})`)
    .join(', ');
}

function names(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  patroni: readonly PatroniFile[],
): readonly Complaint[] {
  return proxy.servers.flatMap((server): readonly Complaint[] => {
    const { address } = server;
    const member = memberAt(server, proxy, patroni);
    // Two members of one name are another check's.
    const isDoubled = patroni.some((each) => each !== member && each.name?.value === member?.name?.value);
    if (member?.name === undefined || isDoubled || member.name.value === server.name) {
      return [];
    }
    const isSwapped = patroni.some(({ name }) => name?.value === server.name);
    return [
      {
        severity: isSwapped ? 'warn' : 'note',
        subject: place(file, server),
        found: `${server.name} of ${proxy.name} is ${member.name.value} by its patroni.yml.`,
        why: isSwapped
          ? "What HAProxy tells of one member would be taken for another's."
          : 'Reports join what HAProxy tells with what Patroni tells by these names.',
        fix: `Write 'server ${member.name.value} ${address === undefined ? '' : hostPort(address)} …'.`,
      },
    ];
  });
}
