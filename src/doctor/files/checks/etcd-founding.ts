import type { Complaint } from '../../finding.js';
import { foundedClusterId } from '../etcd-data.js';
import { type EtcdFile, etcdName, initialCluster, urlsOf } from '../etcd-file.js';
import { compareAll, type FileCheck, type FilesEvidence, groupBy, lookAt, lookAtHost } from '../evidence.js';
import type { HostLook } from '../host-look.js';
import { place } from '../located.js';

/** How a cluster of etcd comes about: initial-cluster and what belongs to it. */
export const ETCD_FOUNDING_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-etcd-names',
    layer: 'etcd',
    about: 'no two members of etcd have the same name',
    look: compareAll('etcd', ({ etcd }) =>
      [...groupBy(etcd, ({ settings }) => settings.get('name')?.value)].flatMap(([name, files]) =>
        files.length < 2
          ? []
          : [
              {
                severity: 'refuse',
                subject: files.map((file) => place(file, file.settings.get('name'))).join(', '),
                found: `ETCD_NAME is ${name} in ${files.length} files.`,
                why: 'Both would start as the same member of initial-cluster, and the cluster would not come about.',
                fix: 'Give each host its own name, the one that initial-cluster has for its address.',
              } as const,
            ],
      ),
    ),
  },
  {
    id: 'file-etcd-token',
    layer: 'etcd',
    about: 'all members of etcd have the same initial-cluster-token',
    look: compareAll('etcd', ({ etcd }) => differentTokens(etcd)),
  },
  {
    id: 'file-etcd-state',
    layer: 'etcd',
    about: 'initial-cluster-state is new or existing, and the same on all members',
    look: lookAt(['etcd'], (evidence) => {
      const unknown = evidence.etcd.flatMap(unknownState);
      return unknown.length > 0 ? unknown : differentStates(evidence);
    }),
  },
  {
    id: 'file-etcd-members',
    layer: 'etcd',
    about: 'initial-cluster has all members, by their names, alike in all files',
    look: lookAt(['etcd'], ({ etcd }) => members(etcd)),
  },
  {
    id: 'file-etcd-peer-urls',
    layer: 'etcd',
    about: 'initial-advertise-peer-urls are what initial-cluster has for the member',
    look: lookAt(['etcd'], ({ etcd }) => etcd.flatMap(peerUrls)),
  },
  {
    id: 'file-etcd-quorum',
    layer: 'etcd',
    about: 'etcd has three members or more, and an odd number of them',
    look: lookAt(['etcd'], ({ etcd }) => quorum(etcd)),
  },
  {
    id: 'file-etcd-data',
    layer: 'etcd',
    about: "etcd's data directory is of the cluster that the file describes",
    look: lookAtHost((host, evidence) => oldData(host, evidence)),
  },
];

const STATE = 'initial-cluster-state';
const DEFAULT_TOKEN = 'etcd-cluster';

/** What the files say of a setting, and who says what; null where all say the same. */
function differing(etcd: readonly EtcdFile[], setting: string, usual: string): string | null {
  const groups = groupBy(etcd, (file) => file.settings.get(setting)?.value ?? usual);
  const said = [...groups].map(([value, files]) => `${value} (${files.map(etcdName).join(', ')})`);
  return said.length < 2 ? null : `${setting} differs: ${said.join(' and ')}.`;
}

function differentTokens(etcd: readonly EtcdFile[]): readonly Complaint[] {
  const setting = 'initial-cluster-token';
  const found = differing(etcd, setting, DEFAULT_TOKEN);
  return found === null
    ? []
    : [
        {
          severity: 'refuse',
          subject: etcd.map((file) => place(file, file.settings.get(setting))).join(', '),
          found,
          why: 'The token is part of the identity of a cluster: members of different tokens refuse each other with "cluster ID mismatch".',
          fix: 'Write the same ETCD_INITIAL_CLUSTER_TOKEN on all members.',
        },
      ];
}

/** A member that has data reads none of it, so that it may stand as it was when the member came. */
function differentStates({ etcd, host }: FilesEvidence): readonly Complaint[] {
  const found = differing(etcd, STATE, 'new');
  if (found === null) {
    return [];
  }
  const isEmpty = host !== null && etcd.every((file) => host.etcd.includes(file)) && host.etcdData.size === 0;
  return [
    {
      severity: isEmpty ? 'refuse' : 'warn',
      subject: etcd.map((file) => place(file, file.settings.get(STATE))).join(', '),
      found,
      why: isEmpty
        ? 'No member has data. One that finds the cluster new founds it, and one that finds it existing waits for somebody to let it in.'
        : 'A member with data reads neither. Without data, one of state new founds a cluster, and one of state existing waits for somebody to let it in.',
      fix: 'Write new on all members to found the cluster, and existing on all of them afterwards.',
    },
  ];
}

function unknownState(file: EtcdFile): readonly Complaint[] {
  const given = file.settings.get(STATE);
  return given === undefined || ['new', 'existing'].includes(given.value)
    ? []
    : [
        {
          severity: 'refuse',
          subject: place(file, given),
          found: `${STATE} is ${given.value}.`,
          why: 'etcd knows new and existing, and starts with nothing else.',
          fix: `Write ETCD_INITIAL_CLUSTER_STATE=new to found the cluster.`,
        },
      ];
}

function members(etcd: readonly EtcdFile[]): readonly Complaint[] {
  const names = etcd.flatMap(({ settings }) => settings.get('name')?.value ?? []);
  return etcd.flatMap((file): readonly Complaint[] => {
    const listed = new Set(initialCluster(file).map(({ name }) => name));
    if (isDiscovered(file)) {
      return [];
    }
    const absent = names.filter((name) => !listed.has(name));
    // With fewer files than members, the others are of hosts that were not given.
    const isAll = new Set(names).size === etcd.length && listed.size <= etcd.length;
    const nobody = isAll ? [...listed].filter((name) => !names.includes(name)) : [];
    const said = [
      ...(absent.length === 0 ? [] : [`lacks ${[...new Set(absent)].join(', ')}`]),
      ...(nobody.length === 0 ? [] : [`has ${nobody.join(', ')}, a name that no file has`]),
    ];
    return said.length === 0
      ? []
      : [
          {
            severity: 'refuse',
            subject: place(file, file.settings.get('initial-cluster')),
            found: `initial-cluster of ${etcdName(file)} ${said.join(' and ')}.`,
            why: 'Members found a cluster only if all of them have the same list, each with its own ETCD_NAME in it.',
            fix: 'Write ETCD_INITIAL_CLUSTER=NAME=http://ADDRESS:2380,… with all members, the same in all files.',
          },
        ];
  });
}

const isDiscovered = ({ settings }: EtcdFile) => [...settings.keys()].some((name) => /^discovery/.test(name));

/** What etcd compares when it starts: its own URLs with those of its name; and others must know it by the same. */
function peerUrls(file: EtcdFile, _: number, etcd: readonly EtcdFile[]): readonly Complaint[] {
  const name = file.settings.get('name')?.value;
  const own = urlsOf(file, 'initial-advertise-peer-urls');
  const sorted = (urls: readonly string[]) => [...urls].sort().join(', ');
  const said = sorted(own.map(({ value }) => value));
  return etcd.flatMap((other) => {
    const listed = sorted(
      initialCluster(other).flatMap((member) => (member.name === name ? member.url : [])),
    );
    const isDoubled = etcd.some((each) => each !== file && each.settings.get('name')?.value === name);
    if (name === undefined || isDoubled || own.length === 0 || listed === '' || listed === said) {
      return [];
    }
    return [
      {
        severity: 'refuse' as const,
        subject: place(other, other.settings.get('initial-cluster')),
        found: `initial-cluster has ${listed} for ${name}, which says of itself ${said}.`,
        why: 'etcd compares the two and does not start, or looks for the member where it is not.',
        fix: `Write ${name}=${said} into initial-cluster of all members, or correct ETCD_INITIAL_ADVERTISE_PEER_URLS of ${name}.`,
      },
    ];
  });
}

function quorum(etcd: readonly EtcdFile[]): readonly Complaint[] {
  const sizes = etcd
    .filter((file) => !isDiscovered(file))
    .map((file) => new Set(initialCluster(file).map(({ name }) => name)).size);
  // What a list lacks is another check's.
  const size = Math.max(0, etcd.length, ...sizes);
  return sizes.length === 0 || (size >= 3 && size % 2 === 1)
    ? []
    : [
        {
          severity: 'warn',
          subject: etcd.map((file) => place(file, file.settings.get('initial-cluster'))).join(', '),
          found: `etcd has ${size} ${size === 1 ? 'member' : 'members'}.`,
          why:
            size < 3
              ? 'Without any one of them there is no majority, and Patroni gives the primary up.'
              : 'It survives the loss of no more members than with one less, and has one more that can be lost.',
          fix: 'Use three members, or five.',
        },
      ];
}

/** etcd with data looks at none of the initial settings, so that a wrong directory is noticed late. */
function oldData(host: HostLook, { etcd }: FilesEvidence): readonly Complaint[] | string {
  if (host.etcd.length === 0) {
    return etcd.length === 0
      ? 'no configuration of etcd was given (--etcd-env)'
      : 'none of these files is of this host';
  }
  if ([...host.etcdData.values()].includes('unreadable')) {
    return 'the data directory may not be read by this user; run it as root';
  }
  return host.etcd.flatMap((file) => {
    const directory = file.settings.get('data-dir');
    const data = directory === undefined ? undefined : host.etcdData.get(directory.value);
    const state = file.settings.get(STATE)?.value ?? 'new';
    if (directory === undefined || data === 'unreadable' || (data === undefined) === (state === 'new')) {
      return [];
    }
    return [data === undefined ? nothingToJoin(file) : dataOfOther(file, directory.value, data.clusterId)];
  });
}

function nothingToJoin(file: EtcdFile): Complaint {
  return {
    severity: 'warn',
    subject: place(file, file.settings.get(STATE)),
    found: `${STATE} is existing, and the data directory holds no member.`,
    why: 'It will wait for a cluster that lets it in: on the first start of all members there is none.',
    fix: "Write new to found the cluster; to add this member to a running one, 'etcdctl member add' first.",
  };
}

function dataOfOther(file: EtcdFile, directory: string, clusterId: string | null): Complaint {
  const token = file.settings.get('initial-cluster-token')?.value ?? DEFAULT_TOKEN;
  const founded = foundedClusterId(initialCluster(file), token);
  if (clusterId === founded) {
    return {
      severity: 'note',
      subject: place(file, file.settings.get(STATE)),
      found: `${STATE} is still new, and ${directory} holds a member of this cluster already.`,
      why: 'etcd looks at it only without data: should the disk be lost, the member would found a cluster instead of joining.',
      fix: 'Write ETCD_INITIAL_CLUSTER_STATE=existing.',
    };
  }
  const whose = clusterId === null ? 'a cluster that cannot be told' : `cluster ${clusterId}`;
  return {
    severity: clusterId === null ? 'warn' : 'refuse',
    subject: place(file, file.settings.get('data-dir')),
    found: `${directory} holds a member of ${whose}, and this file founds ${founded}.`,
    why: 'etcd starts with the data and looks at neither token nor members: the others refuse it with "cluster ID mismatch".',
    fix: `To found the cluster, empty ${directory} on all hosts; if it is yours and has changed members, write existing.`,
  };
}
