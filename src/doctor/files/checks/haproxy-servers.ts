import { hostPort } from '../../../plan/target.js';
import type { Complaint } from '../../finding.js';
import { type FileCheck, type FilesEvidence, lookAt } from '../evidence.js';
import type { HaproxyConfigFile, HaproxyProxy } from '../haproxy-config.js';
import { place } from '../located.js';
import { sameAddress } from '../network-address.js';
import { memberName, type PatroniFile } from '../patroni-file.js';
import { postgresProxies } from '../proxy-role.js';

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
    haproxy.flatMap((file) => postgresProxies(file).flatMap((proxy) => look(file, proxy, patroni))),
  );
}

function others(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  patroni: readonly PatroniFile[],
): readonly Complaint[] {
  // Names and templates may stand for anything.
  if (proxy.servers.some(({ address }) => address === undefined)) {
    return [];
  }
  const known = patroni.flatMap(({ postgres }) => postgres.connect?.value ?? []);
  const strange = proxy.servers.filter(
    ({ address }) => address !== undefined && !known.some((each) => sameAddress(each, address)),
  );
  const absent = patroni.filter(({ postgres }) => {
    const { connect } = postgres;
    return (
      connect !== undefined &&
      !proxy.servers.some(({ address }) => address !== undefined && sameAddress(address, connect.value))
    );
  });
  const complaints: Complaint[] = [];
  if (absent.length > 0) {
    complaints.push({
      severity: 'refuse',
      subject: place(file, proxy),
      found: `${proxy.name} has no server for ${absent.map((member) => `${memberName(member)} (${member.postgres.connect === undefined ? '' : hostPort(member.postgres.connect.value)})`).join(', ')}.`,
      why: 'After a failover to such a member nobody reaches the new primary.',
      fix: "Add a 'server' with its name and address, the port of PostgreSQL as in its connect_address.",
    });
  }
  // Of a single file it is known that the others were not given.
  const [first] = patroni.length > 1 ? strange : [];
  if (first !== undefined) {
    complaints.push({
      severity: 'warn',
      subject: place(file, first),
      found: `${strange.map(({ name, address }) => `${name} (${address === undefined ? '' : hostPort(address)})`).join(', ')} of ${proxy.name} is no member by these patroni.yml.`,
      why: 'HAProxy would ask a stranger, or one that moved, for its role.',
      fix: 'Correct its address, take it out, or give the patroni.yml that has it.',
    });
  }
  return complaints;
}

function names(
  file: HaproxyConfigFile,
  proxy: HaproxyProxy,
  patroni: readonly PatroniFile[],
): readonly Complaint[] {
  return proxy.servers.flatMap((server): readonly Complaint[] => {
    const { address } = server;
    const member = patroni.find(
      ({ postgres }) =>
        address !== undefined &&
        postgres.connect !== undefined &&
        sameAddress(postgres.connect.value, address),
    );
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
