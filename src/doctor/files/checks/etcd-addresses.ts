import { nearest } from '../../../plan/nearest.js';
import type { Complaint } from '../../finding.js';
import { ETCD_SETTINGS, type EtcdFile, etcdName, urlsOf } from '../etcd-file.js';
import { type FileCheck, isOnNetwork, lookAt } from '../evidence.js';
import { place } from '../located.js';
import { addressOfUrl, isAny, isLoopback } from '../network-address.js';

/** Where etcd listens, what it tells of that, and whether its file says what it means to. */
export const ETCD_ADDRESS_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-etcd-addresses',
    layer: 'etcd',
    about: 'what etcd listens on and tells of itself can be reached from other hosts',
    look: lookAt(['etcd'], (evidence) =>
      evidence.etcd.flatMap((file) => [
        ...(['advertise-client-urls', 'initial-advertise-peer-urls'] as const).flatMap((name) =>
          advertised(file, name, isOnNetwork(evidence)),
        ),
        ...(isOnNetwork(evidence)
          ? LISTEN_FOR.flatMap(([listen, told]) => notListened(file, listen, told))
          : []),
      ]),
    ),
  },
  {
    id: 'file-etcd-gateway',
    layer: 'etcd',
    about: "etcd's JSON gateway, which Patroni speaks to, is on",
    look: lookAt(['etcd'], ({ etcd }) => etcd.flatMap(noGateway)),
  },
  {
    id: 'file-etcd-settings',
    layer: 'etcd',
    about: "each line of etcd's file means something to systemd and to etcd",
    look: lookAt(['etcd'], ({ etcd }) => etcd.flatMap((file) => [...meaningless(file), ...misspelled(file)])),
  },
];

const LISTEN_FOR = [
  ['listen-client-urls', 'advertise-client-urls'],
  ['listen-peer-urls', 'initial-advertise-peer-urls'],
] as const;

/** etcd's own defaults are of localhost. */
const USUAL_PORT = { 'advertise-client-urls': 2379, 'initial-advertise-peer-urls': 2380 } as const;

type Advertised = keyof typeof USUAL_PORT;

function advertised(file: EtcdFile, setting: Advertised, onNetwork: boolean): readonly Complaint[] {
  const given = urlsOf(file, setting);
  const urls = given.length > 0 ? given : [{ value: `http://localhost:${USUAL_PORT[setting]}`, line: 1 }];
  const hosts = urls.flatMap(({ value }) => addressOfUrl(value)?.host ?? []);
  const isWrong = hosts.some(isAny) || (onNetwork && hosts.some(isLoopback));
  return isWrong
    ? [
        {
          severity: 'refuse',
          subject: place(file, file.settings.get(setting)),
          found: `${setting} of ${etcdName(file)} is ${given.length === 0 ? 'not set, which means ' : ''}${urls.map(({ value }) => value).join(', ')}.`,
          why:
            setting === 'advertise-client-urls'
              ? 'Patroni asks a member for all others and would then look for them on its own host.'
              : 'The other members would look for this one on their own hosts.',
          fix: `Set ${variable(setting)}=http://ADDRESS:${USUAL_PORT[setting]} with the address of this host.`,
        },
      ]
    : [];
}

function notListened(file: EtcdFile, listen: string, setting: Advertised): readonly Complaint[] {
  const told = urlsOf(file, setting).flatMap(({ value }) => addressOfUrl(value) ?? []);
  const given = urlsOf(file, listen);
  const open = (
    given.length > 0 ? given.map(({ value }) => value) : [`http://localhost:${USUAL_PORT[setting]}`]
  ).flatMap((url) => addressOfUrl(url) ?? []);
  const missing = told.filter(
    ({ host, port }) =>
      !isLoopback(host) &&
      !isAny(host) &&
      // A name may well stand for an address that is listened on.
      !open.some(
        (each) =>
          each.port === port &&
          (isAny(each.host) || each.host === host || (!isNumeric(host) && !isLoopback(each.host))),
      ),
  );
  const [first] = missing;
  return first === undefined
    ? []
    : [
        {
          severity: 'refuse',
          subject: place(file, file.settings.get(listen)),
          found: `${etcdName(file)} tells ${first.host}:${first.port} and listens on ${open.map(({ host, port }) => `${host}:${port}`).join(', ')}${given.length === 0 ? ' by default' : ''}.`,
          why: 'Nobody can reach it at the address that it tells.',
          fix: `Set ${variable(listen)}=http://${first.host}:${first.port}, with http://127.0.0.1:${first.port} beside it for etcdctl.`,
        },
      ];
}

const isNumeric = (host: string) => /^[\d.]+$/.test(host) || host.includes(':');
const variable = (setting: string) => `ETCD_${setting.toUpperCase().replaceAll('-', '_')}`;

/** By flags and environment it is on; in a configuration file it is off where it is not said. */
function noGateway(file: EtcdFile): readonly Complaint[] {
  const given = file.settings.get('enable-grpc-gateway');
  const isOff = given === undefined ? file.form === 'yaml' : /^(false|no|off|0)$/i.test(given.value);
  return isOff
    ? [
        {
          severity: 'refuse',
          subject: place(file, given),
          found: `enable-grpc-gateway is ${given === undefined ? 'not set, which means off in a file of YAML' : given.value}.`,
          why: 'Patroni with etcd3: speaks to this gateway, and finds no etcd without it.',
          fix: file.form === 'yaml' ? 'Write enable-grpc-gateway: true.' : 'Take the line out.',
        },
      ]
    : [];
}

function meaningless(file: EtcdFile): readonly Complaint[] {
  return file.ignored.map((line) => ({
    severity: 'warn',
    subject: place(file, line),
    found: `'${line.value}' is no name of a variable.`,
    why: 'systemd leaves such a line out of the environment, so that etcd takes its default.',
    fix: line.value.startsWith('export ')
      ? "Take 'export' out: no shell reads this file."
      : 'Write NAME=VALUE.',
  }));
}

function misspelled(file: EtcdFile): readonly Complaint[] {
  return file.unknown.flatMap((name) => {
    const flag = name.value
      .replace(/^ETCD_/, '')
      .toLowerCase()
      .replaceAll('_', '-');
    const meant = nearest(flag, ETCD_SETTINGS);
    // Versions come with settings of their own: only what looks like a known one is worth a word.
    return meant === undefined
      ? []
      : [
          {
            severity: 'warn' as const,
            subject: place(file, name),
            found: `${name.value} is no setting of etcd.`,
            why: 'etcd says so in its log and goes on with its default.',
            fix: `Did you mean ${file.form === 'yaml' ? meant : variable(meant)}?`,
          },
        ];
  });
}
