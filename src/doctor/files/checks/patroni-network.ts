import type { Complaint } from '../../finding.js';
import { urlsOf } from '../etcd-file.js';
import { type FileCheck, type FilesEvidence, isOnNetwork, lookAt } from '../evidence.js';
import { type Located, place } from '../located.js';
import { addressOfUrl, isAny, isLoopback, parseAddress } from '../network-address.js';
import type { PatroniFile, Service } from '../patroni-file.js';

/** Where members listen, and what of etcd and themselves they tell. */
export const PATRONI_NETWORK_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-member-addresses',
    layer: 'patroni',
    about: 'what members listen on and tell of themselves can be reached from other hosts',
    look: lookAt(['patroni'], (evidence) =>
      evidence.patroni.flatMap((file) =>
        (['postgresql', 'restapi'] as const).flatMap((section) =>
          addresses(file, section, isOnNetwork(evidence)),
        ),
      ),
    ),
  },
  {
    id: 'file-restapi-access',
    layer: 'patroni',
    about: "Patroni's API asks who one is before it changes anything",
    look: lookAt(['patroni'], (evidence) => (isOnNetwork(evidence) ? evidence.patroni.flatMap(openApi) : [])),
  },
  {
    id: 'file-etcd-api',
    layer: 'patroni',
    about: 'Patroni speaks the API that etcd still has: etcd3, not etcd',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(etcdApi)),
  },
  {
    id: 'file-etcd-hosts',
    layer: 'patroni',
    about: 'Patroni looks for etcd where etcd listens for clients',
    look: lookAt(['patroni', 'etcd'], (evidence) =>
      evidence.patroni.flatMap((file) => etcdHosts(file, evidence)),
    ),
  },
];

function addresses(
  file: PatroniFile,
  section: 'postgresql' | 'restapi',
  onNetwork: boolean,
): readonly Complaint[] {
  const service: Service = section === 'postgresql' ? file.postgres : file.api;
  const { connect, listen } = service;
  const asked = section === 'postgresql' ? 'stream from it' : 'ask it before they take the lead';
  const tells =
    connect !== undefined && (isAny(connect.value.host) || (onNetwork && isLoopback(connect.value.host)));
  if (tells) {
    return [
      {
        severity: 'refuse',
        subject: place(file, connect),
        found: `${section}.connect_address is ${connect.value.host}.`,
        why: `The other members are told this address, and would ${asked} at themselves.`,
        fix: `Set ${section}.connect_address to the address of this host.`,
      },
    ];
  }
  const hidden = onNetwork && listen?.value.hosts.every(isLoopback) === true;
  return hidden
    ? [
        {
          severity: 'refuse',
          subject: place(file, listen),
          found: `${section}.listen has ${listen.value.hosts.join(', ')} alone.`,
          why: 'No other host reaches it: neither the other members nor HAProxy.',
          fix: `Set ${section}.listen: 0.0.0.0:${listen.value.port}, or to the address of this host.`,
        },
      ]
    : [];
}

function openApi(file: PatroniFile): readonly Complaint[] {
  const { yaml } = file;
  const isGuarded =
    (yaml.find('restapi', 'authentication', 'username') !== undefined &&
      yaml.find('restapi', 'authentication', 'password') !== undefined) ||
    ['optional', 'required'].includes(yaml.text('restapi', 'verify_client')?.value ?? '') ||
    yaml.find('restapi', 'allowlist') !== undefined;
  return isGuarded
    ? []
    : [
        {
          severity: 'warn',
          subject: place(file, yaml.find('restapi')),
          found: 'restapi has neither authentication nor verify_client nor allowlist.',
          why: 'Whoever reaches its port can switch over, restart and reinitialize, in the middle of a run for one.',
          fix: 'Add restapi.authentication with username and password, the same on all members.',
        },
      ];
}

function etcdApi(file: PatroniFile): readonly Complaint[] {
  const { yaml } = file;
  const old = yaml.find('etcd');
  if (old !== undefined && yaml.find('etcd3') === undefined) {
    return [
      {
        severity: 'refuse',
        subject: place(file, old),
        found: 'It has etcd:, which is version 2 of the API.',
        why: 'etcd from 3.4 on does not answer it unless told to, and 3.6 not at all: Patroni would wait for ever.',
        fix: 'Rename etcd: to etcd3:.',
      },
    ];
  }
  const others = ['consul', 'zookeeper', 'exhibitor', 'kubernetes', 'raft'];
  const hasOne = ['etcd3', ...others].some((key) => yaml.keys().some(({ value }) => value === key));
  return hasOne
    ? []
    : [
        {
          severity: 'refuse',
          subject: place(file),
          found: 'It names no store for the leader key.',
          why: 'Patroni does not start without one, unless the environment has PATRONI_ETCD3_HOSTS.',
          fix: 'Add etcd3: with hosts: HOST:2379 of each member of etcd.',
        },
      ];
}

function etcdHosts(file: PatroniFile, { etcd }: FilesEvidence): readonly Complaint[] {
  const listening = etcd.flatMap((each) =>
    urlsOf(each, 'advertise-client-urls').flatMap(({ value }) => addressOfUrl(value) ?? []),
  );
  // With files of some members only, it cannot be told that nobody listens.
  const known = new Set(listening.map(({ host }) => host));
  return hostsOf(file).flatMap((host) => {
    const address = parseAddress(host.value.replace(/^\w+:\/\//, ''), 2379);
    const fits = listening.some((each) => each.host === address?.host && each.port === address.port);
    if (address === undefined || fits || !known.has(address.host)) {
      return [];
    }
    const there = listening.find((each) => each.host === address.host);
    return [
      {
        severity: 'refuse',
        subject: place(file, host),
        found: `etcd3 has ${address.host}:${address.port}, and etcd there tells clients of port ${there?.port}.`,
        why: 'Patroni finds no etcd there and, where it finds none at all, does not start.',
        fix: `Write ${address.host}:${there?.port}.`,
      },
    ];
  });
}

function hostsOf({ yaml }: PatroniFile): readonly Located<string>[] {
  return [...yaml.list('etcd3', 'hosts'), ...yaml.list('etcd3', 'host')].flatMap(({ value, line }) =>
    String(value)
      .split(',')
      .map((each) => ({ value: each.trim(), line })),
  );
}
