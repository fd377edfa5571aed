import { objectOf, textOf } from '../cluster/json.js';
import { hostPort } from '../plan/target.js';
import { type Answer, each, given, givenBoth, known } from './answer.js';
import { refusal, warning } from './complaint.js';
import { type EtcdEvidence, type EtcdNode, namespaceOf, scopeIn } from './etcd-evidence.js';
import type { LiveCheck, LiveEvidence } from './evidence.js';
import type { Complaint } from './finding.js';
import type { Look } from './patroni-look.js';

/** Where the leader key lies, and how well. */
export const ETCD_CHECKS: readonly LiveCheck[] = [
  {
    id: 'etcd-advertised',
    layer: 'etcd',
    about: 'members of etcd on several hosts advertise addresses that others reach',
    look: onEtcd(({ members, nodes }) =>
      given(members, (list) => {
        const isLoopback = (url: string) => /^https?:\/\/(localhost|127\.|\[::1\])/.test(url);
        const spread = [...nodes.map(({ url }) => url), ...list.flatMap(({ clientUrls }) => clientUrls)];
        return spread.every(isLoopback)
          ? []
          : list
              .filter(({ clientUrls }) => clientUrls.some(isLoopback))
              .map(({ name, clientUrls }) =>
                refusal(
                  name,
                  `etcd ${name} advertises ${clientUrls.join(', ')}.`,
                  'Patroni on another host goes there and finds its own host: it loses etcd with the member it knows.',
                  `Set advertise-client-urls of ${name} to an address that all hosts reach.`,
                ),
              );
      }),
    ),
  },
  {
    id: 'etcd-alarms',
    layer: 'etcd',
    about: 'etcd has raised no alarm',
    look: onEtcd((etcd) =>
      given(etcd.alarms, (alarms) =>
        alarms.map(({ memberId, alarm }) => {
          const name = nameOf(etcd, memberId);
          return refusal(
            name,
            `etcd ${name} has raised the alarm ${alarm}.`,
            'etcd takes no writes: Patroni cannot elect anybody, and demotes the leader when its key runs out.',
            alarm === 'NOSPACE'
              ? "'etcdctl compact' and 'defrag', then 'etcdctl alarm disarm'"
              : `Replace the member ${name}, then 'etcdctl alarm disarm'`,
          );
        }),
      ),
    ),
  },
  {
    id: 'etcd-clusters-apart',
    layer: 'etcd',
    about: 'no other scope in etcd has a member at an address of this cluster',
    look: onKeys((keys, prefix, { patroni }) => {
      const scope = scopeIn(prefix);
      const cluster = 'value' in patroni ? known(patroni.value.cluster) : null;
      const own = new Set(
        (cluster?.members ?? []).map(({ host, port }) => hostPort({ host: host ?? '', port: port ?? 0 })),
      );
      return [...keys].flatMap(([key, value]) => {
        const [, other, name] = /^([^/]+)\/members\/(.+)$/.exec(key.slice(namespaceOf(prefix).length)) ?? [];
        const address = addressIn(value);
        return other === undefined || other === scope || address === null || !own.has(address)
          ? []
          : [
              refusal(
                name ?? null,
                `etcd has a member ${name} of the scope '${other}' at ${address}, an address of '${scope}'.`,
                'Two halves of one cluster each elect a leader of their own.',
                `Give all members the same scope, and remove the other: 'patronictl remove ${other}'.`,
              ),
            ];
      });
    }),
  },
  {
    id: 'etcd-database-size',
    layer: 'etcd',
    about: "etcd's data are well below its quota",
    look: onEtcd(({ nodes }) =>
      each(
        nodes.map(({ name, metrics, status }) => ({
          name,
          answer: both(metrics, status),
        })),
        ([{ quotaBytes }, { dbSizeBytes }], name) =>
          quotaBytes === null || quotaBytes === 0 || dbSizeBytes === null || dbSizeBytes < 0.8 * quotaBytes
            ? []
            : [
                warning(
                  name,
                  `The data of etcd ${name} take ${megabytes(dbSizeBytes)} of ${megabytes(quotaBytes)}.`,
                  'At the quota etcd takes no more writes, and the cluster loses its leader.',
                  "'etcdctl compact' and 'etcdctl defrag', or raise quota-backend-bytes",
                ),
              ],
      ),
    ),
  },
  {
    id: 'etcd-disk',
    layer: 'etcd',
    about: "etcd's writes reach the disk in time: 99 of 100 within 128 ms",
    look: onEtcd(({ nodes }) =>
      each(
        nodes.map(({ name, metrics }) => ({ name, answer: metrics })),
        ({ fsyncP99Ms }, name) =>
          fsyncP99Ms === null || fsyncP99Ms <= SLOW_FSYNC_MS
            ? []
            : [
                warning(
                  name,
                  `One in a hundred writes of etcd ${name} takes more than ${SLOW_FSYNC_MS} ms to reach the disk.`,
                  'Under load etcd misses its heartbeats and elects anew, and Patroni may lose the leader key without a fault.',
                  `Give etcd of ${name} a disk of its own, or a faster one.`,
                ),
              ],
      ),
    ),
  },
  {
    id: 'etcd-healthy',
    layer: 'etcd',
    about: 'each member of etcd answers and is in touch with the quorum',
    look: onEtcd(({ nodes, alarms }) => {
      const hasAlarm = (known(alarms) ?? []).length > 0;
      return nodes.flatMap((node) => healthComplaints(node, hasAlarm));
    }),
  },
  {
    id: 'etcd-initialize',
    layer: 'etcd',
    about: 'the key `initialize` belongs to the database that runs',
    look: onKeys((keys, prefix, { patroni }) => {
      const initialize = keys.get(`${prefix}initialize`);
      const members = 'value' in patroni ? patroni.value.members : [];
      const running = members.flatMap(({ self }) =>
        'value' in self ? (self.value.systemIdentifier ?? []) : [],
      );
      return initialize === undefined || running.length === 0 || running.includes(initialize)
        ? []
        : [
            refusal(
              null,
              `etcd says that the cluster is ${initialize}, and its members are ${running[0]}.`,
              'A member that restarts does not find its cluster again, and refuses to start.',
              `Put ${running[0]} into ${prefix}initialize.`,
            ),
          ];
    }),
  },
  {
    id: 'etcd-lease',
    layer: 'etcd',
    about: "the leader key's lease lasts as long as ttl says",
    look: ({ etcd, patroni }) =>
      givenBoth(etcd, patroni, ({ leaseTtlS }, { config }) =>
        givenBoth(leaseTtlS, config, (granted, settings): Look => {
          const ttl = Number(settings['ttl'] ?? 30);
          if (granted === null) {
            return 'the leader key has no lease there';
          }
          // From 3.2 on Patroni takes 20 for what is less.
          return granted <= ttl || granted === 20
            ? []
            : [
                warning(
                  null,
                  `ttl is ${ttl}, and etcd has granted the leader key ${granted} s.`,
                  'A lost leader is missed later than the settings say: etcd grants 1.5 × its election timeout at least.',
                  "Lower etcd's election-timeout, or count with the longer time.",
                ),
              ];
        }),
      ),
  },
  {
    id: 'etcd-odd',
    layer: 'etcd',
    about: 'etcd has an odd number of members, three at least',
    look: onEtcd(({ members }) =>
      given(members, ({ length }) =>
        length >= 3 && length % 2 === 1
          ? []
          : [
              warning(
                null,
                `etcd has ${length} ${length === 1 ? 'member' : 'members'}.`,
                length < 3
                  ? 'With the loss of one member etcd stops, and the leader of PostgreSQL is demoted.'
                  : `It survives no more losses than ${length - 1} members would.`,
                `Make it ${length < 3 ? 3 : length + 1} members.`,
              ),
            ],
      ),
    ),
  },
  {
    id: 'etcd-of-patroni',
    layer: 'etcd',
    about: "the etcd that was given holds this cluster's keys",
    look: (evidence) =>
      given(evidence.etcd, ({ prefix }) =>
        given(prefix, (place) =>
          place !== null
            ? []
            : [
                warning(
                  null,
                  `That etcd has no keys of the scope '${scopeOf(evidence)}', in no namespace.`,
                  'It is another etcd, or Patroni speaks version 2 of its API: what a run sees there says nothing of the cluster.',
                  "Compare --etcd with the hosts in Patroni's configuration.",
                ),
              ],
        ),
      ),
  },
  {
    id: 'etcd-one-cluster',
    layer: 'etcd',
    about: 'all members of etcd belong to one cluster, follow one leader and run one version',
    look: onEtcd(({ nodes }) => [
      ...apart(nodes, 'clusterId'),
      ...apart(nodes, 'leaderId'),
      ...versions(nodes),
    ]),
  },
];

/** As long as a heartbeat of etcd, and the end of a bucket of its histogram. */
const SLOW_FSYNC_MS = 128;

function onEtcd(look: (etcd: EtcdEvidence) => Look): LiveCheck['look'] {
  return ({ etcd }) => given(etcd, look);
}

/** @param look is told where the keys of this cluster are, `/service/SCOPE/` */
function onKeys(
  look: (keys: ReadonlyMap<string, string>, prefix: string, evidence: LiveEvidence) => Look,
): LiveCheck['look'] {
  return (evidence) =>
    given(evidence.etcd, ({ keys, prefix }) =>
      givenBoth(keys, prefix, (all, place) => (place === null ? 'it has none' : look(all, place, evidence))),
    );
}

function scopeOf({ patroni }: LiveEvidence): string | null {
  const members = 'value' in patroni ? patroni.value.members : [];
  return members.flatMap(({ self }) => ('value' in self ? (self.value.scope ?? []) : []))[0] ?? null;
}

/** With an alarm each member says that it is not healthy: then the alarm is what is wrong. */
function healthComplaints({ name, url, status, healthy }: EtcdNode, hasAlarm: boolean): readonly Complaint[] {
  const unknown = whyUnknown(status) ?? whyUnknown(healthy);
  if (unknown === null && (known(healthy) === true || (hasAlarm && known(status)?.leaderId !== null))) {
    return [];
  }
  if (unknown?.includes('answered 404') === true) {
    const found = `etcd ${name} does not speak version 3 of its API over HTTP at ${url}.`;
    const why = 'Patroni speaks nothing else: it cannot keep its leader key there.';
    return [refusal(name, found, why, 'Set enable-grpc-gateway: true in the configuration of etcd.')];
  }
  const found =
    unknown === null
      ? `etcd ${name} is out of touch with the quorum.`
      : `etcd ${name === url ? '' : `${name} `}does not answer at ${url} (${unknown}).`;
  const why = 'One more loss may leave etcd without a quorum, and the cluster without a leader.';
  return [warning(name, found, why, `Start etcd of ${name}, or see its log.`)];
}

function whyUnknown(answer: Answer<unknown>): string | null {
  return 'unknown' in answer ? answer.unknown : null;
}

function apart(nodes: readonly EtcdNode[], what: 'clusterId' | 'leaderId'): readonly Complaint[] {
  const seen = nodes.flatMap(({ name, status }) => {
    const id = known(status)?.[what] ?? null;
    return id === null ? [] : [{ name, id }];
  });
  if (new Set(seen.map(({ id }) => id)).size < 2) {
    return [];
  }
  const list = seen.map(({ name, id }) => `${name} ${id}`).join(', ');
  return [
    what === 'clusterId'
      ? refusal(
          null,
          `These members of etcd belong to different clusters: ${list}.`,
          'Each has keys of its own: Patroni sees one leader or another, depending on whom it asks.',
          'Stop the one that was bootstrapped apart, remove its data directory, and let it join.',
        )
      : warning(
          null,
          `The members of etcd follow different leaders: ${list}.`,
          'etcd is just electing, or its members do not reach each other: the leader key is at risk.',
          "Look again; if it stays so, see 'etcdctl endpoint status --cluster'.",
        ),
  ];
}

function versions(nodes: readonly EtcdNode[]): readonly Complaint[] {
  const seen = nodes.flatMap(({ name, status }) => {
    const version = known(status)?.version ?? null;
    return version === null ? [] : [{ name, version }];
  });
  return new Set(seen.map(({ version }) => version)).size < 2
    ? []
    : [
        warning(
          null,
          `The members of etcd run different versions: ${seen.map(({ name, version }) => `${name} ${version}`).join(', ')}.`,
          'An upgrade that is half done is not what will be run in earnest.',
          'Bring all members to one version.',
        ),
      ];
}

function both<T, U>(one: Answer<T>, other: Answer<U>): Answer<readonly [T, U]> {
  if ('unknown' in one) {
    return one;
  }
  return 'unknown' in other ? other : { value: [one.value, other.value] };
}

function nameOf({ members }: EtcdEvidence, id: string): string {
  return known(members)?.find((member) => member.id === id)?.name ?? id;
}

/** `host:port` in the conn_url of a member's key. */
function addressIn(value: string): string | null {
  try {
    const url = textOf(objectOf(JSON.parse(value))?.['conn_url']);
    return url === null ? null : new URL(url).host;
  } catch {
    return null;
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}
