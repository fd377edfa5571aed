import type { ClusterMember } from '../cluster/patroni.js';
import { type Asked, each, given, known } from './answer.js';
import { refusal, warning } from './complaint.js';
import type { LiveCheck, LiveEvidence } from './evidence.js';
import type { Complaint } from './finding.js';
import { coversReplication } from './hba.js';
import { isAside } from './patroni-members.js';
import type { NodeFacts, Slot } from './postgres-evidence.js';
import { slotOf } from './slot-name.js';

/** What the servers say of themselves, past the proxy. */
export const POSTGRES_CHECKS: readonly LiveCheck[] = [
  {
    id: 'archiving-works',
    layer: 'postgres',
    about: 'the last WAL file that was to be archived was archived',
    look: onPrimary(({ archiver: { failing, failed, lastFailed }, settings }, name) =>
      // The last failure stays on record when the archiver was switched off.
      failing && settings.get('archive_mode') !== 'off'
        ? [
            warning(
              name,
              `archive_command of ${name} failed ${failed} times, last for ${lastFailed}.`,
              'WAL piles up, and a switchover waits for it: Patroni stops PostgreSQL only when all is archived.',
              "Mend archive_command, or switch it off: archive_command='/bin/true'.",
            ),
          ]
        : [],
    ),
  },
  {
    id: 'clocks',
    layer: 'postgres',
    about: 'the clocks of the nodes and of this machine differ by at most 100 ms',
    look: onNodes(({ clock }, name) => {
      if (clock === null) {
        return [];
      }
      const { offsetMs, uncertaintyMs } = clock;
      // What the answer took is no offset.
      const atLeastMs = Math.abs(offsetMs) - uncertaintyMs;
      const found = `The clock of ${name} is ${Math.abs(Math.round(offsetMs))} ms ${offsetMs > 0 ? 'ahead' : 'behind'}.`;
      const why = 'Events that the servers have stamped stand at the wrong place beside the others.';
      const fix = `Let chrony or systemd-timesyncd keep the clock of ${name}, and of this machine.`;
      if (atLeastMs > 1000) {
        return [refusal(name, found, why, fix)];
      }
      return atLeastMs > 100 ? [warning(name, found, why, fix)] : [];
    }),
  },
  {
    id: 'durable',
    layer: 'postgres',
    about: 'fsync and full_page_writes are on',
    look: onNodes(({ settings }, name) =>
      ['fsync', 'full_page_writes']
        .filter((setting) => settings.get(setting) === 'off')
        .map((setting) =>
          warning(
            name,
            `${setting} is off on ${name}.`,
            'Commits are faster than they could be in earnest, and a crash may destroy the database.',
            `patronictl edit-config -p ${setting}=on`,
          ),
        ),
    ),
  },
  {
    id: 'hba-replication',
    layer: 'postgres',
    about: 'pg_hba.conf of each node lets each member replicate, and has no line that is wrong',
    look: ({ postgres: { nodes } }) =>
      each(
        nodes.map(({ name, answer }) => ({
          name,
          answer: 'unknown' in answer ? answer : answer.value.hba,
        })),
        (rules, name) => [
          ...rules
            .filter(({ error }) => error !== null)
            .map(({ line, error }) =>
              refusal(
                name,
                `Line ${line} of pg_hba.conf of ${name} is wrong: ${error}.`,
                'The file is not taken as a whole: PostgreSQL goes on with the old one, and does not start anew.',
                `Mend line ${line}, then 'patronictl reload SCOPE'.`,
              ),
            ),
          ...nodes
            .filter((other) => other.name !== name && coversReplication(rules, other.address.host) === false)
            .map((other) =>
              warning(
                name,
                `pg_hba.conf of ${name} has no line that lets ${other.name} (${other.address.host}) replicate.`,
                `When ${name} leads, ${other.name} cannot follow it.`,
                `Add 'host replication USER ${other.address.host}/32 scram-sha-256' to pg_hba of ${name}.`,
              ),
            ),
        ],
      ),
  },
  {
    id: 'nodes-alike',
    layer: 'postgres',
    about: 'settings that decide about the speed are the same on all nodes',
    look: ({ postgres: { nodes } }) => {
      const known = nodes.flatMap(({ name, answer }) =>
        'value' in answer ? [{ name, facts: answer.value }] : [],
      );
      const found = ALIKE.flatMap((setting): readonly Complaint[] => {
        const values = known.map(({ name, facts }) => ({ name, value: facts.settings.get(setting) ?? null }));
        return new Set(values.map(({ value }) => value)).size < 2
          ? []
          : [
              warning(
                null,
                `${setting} differs: ${values.map(({ name, value }) => `${name} ${value}`).join(', ')}.`,
                'After a failover the load meets a server with other settings: before and after do not compare.',
                `patronictl edit-config -p ${setting}=VALUE, and take it out of the nodes' own configuration`,
              ),
            ];
      });
      return found.length > 0 ? found : each(nodes, () => []);
    },
  },
  {
    id: 'other-walsenders',
    layer: 'postgres',
    about: 'nobody but the members receives WAL from the leader, and no logical slot holds it up',
    look: (evidence) =>
      given(evidence.patroni, ({ cluster }) =>
        given(cluster, () =>
          onPrimary((facts, name) => strangers(facts, name, memberNames(evidence)))(evidence),
        ),
      ),
  },
  {
    id: 'prepared-transactions',
    layer: 'postgres',
    about: 'two-phase commits cannot be left behind (max_prepared_transactions is 0, or nothing is prepared)',
    look: onPrimary(({ prepared }, name) =>
      prepared === 0
        ? []
        : [
            warning(
              name,
              `${prepared} prepared transactions of ${name} wait for their end.`,
              'They hold their locks, over a failover, too: whatever needs one waits for it.',
              'SELECT gid FROM pg_prepared_xacts, then COMMIT PREPARED or ROLLBACK PREPARED each',
            ),
          ],
    ),
  },
  {
    id: 'replay-goes-on',
    layer: 'postgres',
    about: 'no standby has its replay paused or delayed',
    look: (evidence) => {
      const aside = membersOf(evidence).filter(isAside);
      return onNodes((facts, name) =>
        aside.some((member) => member.name === name) ? [] : replayComplaints(facts, name),
      )(evidence);
    },
  },
  {
    id: 'slots-used',
    layer: 'postgres',
    about: 'no replication slot of the leader is left alone, or has lost its WAL',
    look: (evidence) => {
      // A member that does not use its slot does not stream, which is told elsewhere; so are logical slots.
      const members = new Set(memberNames(evidence).map(slotOf));
      return onPrimary(({ slots }, name) =>
        slots
          .filter(({ kind, name: slot, active }) => kind === 'physical' && (active || !members.has(slot)))
          .flatMap((slot) => slotComplaints(slot, name)),
      )(evidence);
    },
  },
  {
    id: 'sync-standbys',
    layer: 'postgres',
    about: "synchronous_standby_names is Patroni's alone, and names somebody where synchronous_mode is on",
    look: (evidence) => {
      const { patroni } = evidence;
      return given(patroni, ({ config }) =>
        given(config, ({ synchronous_mode: mode }) =>
          onPrimary(({ settings }, name) => {
            const names = settings.get('synchronous_standby_names') ?? '';
            const isOn = mode === true || mode === 'on' || mode === 'quorum';
            if (isOn === (names !== '')) {
              return [];
            }
            return [
              isOn
                ? warning(
                    name,
                    `synchronous_mode is on, and ${name} waits for no standby.`,
                    'Commits are acknowledged that exist on the leader alone: a failover can lose them.',
                    'See why no replica streams, or set synchronous_mode_strict.',
                  )
                : warning(
                    name,
                    `synchronous_standby_names is '${names}', and Patroni's synchronous_mode is off.`,
                    'Commits wait for a standby, and yet Patroni may let another one lead that has not got them.',
                    'patronictl edit-config -s synchronous_mode=true, and take the setting out',
                  ),
            ];
          })(evidence),
        ),
      );
    },
  },
  {
    id: 'wal-level',
    layer: 'postgres',
    about: 'wal_level lets replicas follow',
    look: onNodes(({ settings }, name) =>
      settings.get('wal_level') === 'minimal'
        ? [
            refusal(
              name,
              `wal_level is minimal on ${name}.`,
              'No replica can follow it.',
              'patronictl edit-config -p wal_level=replica, then patronictl restart SCOPE',
            ),
          ]
        : [],
    ),
  },
  {
    id: 'wal-senders',
    layer: 'postgres',
    about: 'max_wal_senders and max_replication_slots have room for all members and two more',
    look: (evidence) =>
      onNodes(({ settings }, name) => {
        const needed = evidence.postgres.nodes.length + 2;
        return ['max_wal_senders', 'max_replication_slots']
          .filter((setting) => Number(settings.get(setting)) < needed)
          .map((setting) =>
            refusal(
              name,
              `${setting} is ${settings.get(setting)} on ${name}, and ${needed - 2} members need ${needed}.`,
              'After a failover a replica may find no place, and stays behind.',
              `patronictl edit-config -p ${setting}=10, then patronictl restart SCOPE`,
            ),
          );
      })(evidence),
  },
];

function replayComplaints(
  { standby, replayPaused, settings }: NodeFacts,
  name: string,
): readonly Complaint[] {
  const why = 'It shows old rows to readers, and must replay all that it has received before it can lead.';
  const delay = settings.get('recovery_min_apply_delay') ?? '0';
  if (replayPaused === true) {
    return [
      warning(name, `The replay of ${name} is paused.`, why, `SELECT pg_wal_replay_resume() on ${name}`),
    ];
  }
  return !standby || delay === '0'
    ? []
    : [
        warning(
          name,
          `recovery_min_apply_delay is ${delay} on ${name}.`,
          why,
          `Set it to 0 on ${name}, or give it the tags nofailover and noloadbalance.`,
        ),
      ];
}

/** Those that a member may have of its own, in its own configuration. */
const ALIKE: readonly string[] = [
  'autovacuum',
  'checkpoint_completion_target',
  'checkpoint_timeout',
  'commit_delay',
  'effective_cache_size',
  'effective_io_concurrency',
  'fsync',
  'full_page_writes',
  'huge_pages',
  'jit',
  'max_wal_size',
  'random_page_cost',
  'shared_buffers',
  'synchronous_commit',
  'wal_buffers',
  'wal_compression',
  'wal_sync_method',
  'work_mem',
];

/** Much enough that the disk is at risk. */
const RETAINED_BYTES = 1024 ** 3;

function slotComplaints(
  { name: slot, active, walStatus, retainedBytes }: Slot,
  name: string,
): readonly Complaint[] {
  const drop = `SELECT pg_drop_replication_slot('${slot}') on ${name}, if nobody needs it`;
  if (walStatus === 'lost' || walStatus === 'unreserved') {
    return [
      warning(
        name,
        `The WAL that the slot ${slot} of ${name} needs is ${walStatus === 'lost' ? 'gone' : 'about to go'}.`,
        'Whoever uses it cannot follow any more, and must be copied anew.',
        drop,
      ),
    ];
  }
  if (!active || (retainedBytes ?? 0) > RETAINED_BYTES) {
    const kept =
      retainedBytes === null ? '' : ` and holds ${Math.round(retainedBytes / 1_048_576)} MB of WAL`;
    return [
      warning(
        name,
        `The slot ${slot} of ${name} is ${active ? 'behind' : 'used by nobody'}${kept}.`,
        'WAL piles up for it under load, until the disk is full.',
        drop,
      ),
    ];
  }
  return [];
}

/** Patroni waits for walsenders when it stops PostgreSQL, and a logical one may take its time. */
function strangers(
  { senders, slots }: NodeFacts,
  name: string,
  members: readonly string[],
): readonly Complaint[] {
  const why = 'A switchover waits for it: PostgreSQL does not stop before it has sent all WAL to everybody.';
  const others = (senders ?? [])
    .filter((sender) => !members.includes(sender.name) && sender.state !== 'backup')
    .map((sender) =>
      warning(
        name,
        `'${sender.name}' receives WAL from ${name}, and is no member.`,
        why,
        'Stop it for the run, or count its delay to the switchover.',
      ),
    );
  const logical = slots
    .filter(({ kind }) => kind === 'logical')
    .map((slot) =>
      warning(
        name,
        `${name} has the logical slot ${slot.name}${slot.active ? '' : ', which nobody uses'}.`,
        `${slot.active ? why : 'It holds WAL until the disk is full, and is gone after a failover unless Patroni keeps it.'}`,
        `Drop it, or name it in Patroni's slots: SELECT pg_drop_replication_slot('${slot.name}')`,
      ),
    );
  return [...others, ...logical];
}

function membersOf({ patroni }: LiveEvidence): readonly ClusterMember[] {
  return ('value' in patroni ? known(patroni.value.cluster)?.members : null) ?? [];
}

function memberNames(evidence: LiveEvidence): readonly string[] {
  return [...membersOf(evidence), ...evidence.postgres.nodes].map(({ name }) => name);
}

function onNodes(look: (facts: NodeFacts, name: string) => readonly Complaint[]): LiveCheck['look'] {
  return ({ postgres }) => each(postgres.nodes, look);
}

/** What only the primary can tell. */
function onPrimary(look: (facts: NodeFacts, name: string) => readonly Complaint[]): LiveCheck['look'] {
  return ({ postgres: { nodes } }) => {
    const isPrimary = ({ answer }: Asked<NodeFacts>) => 'value' in answer && !answer.value.standby;
    const primaries = nodes.filter(isPrimary);
    return primaries.length > 0 ? each(primaries, look) : (firstReason(nodes) ?? 'no node is a primary');
  };
}

function firstReason(nodes: readonly Asked<NodeFacts>[]): string | null {
  const said = each(nodes, () => []);
  return typeof said === 'string' ? said : null;
}
