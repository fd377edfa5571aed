import { patroniSettings } from '../cluster/facts.js';
import { objectOf } from '../cluster/json.js';
import { PATRONI_MINIMUMS } from '../cluster/patroni-minimums.js';
import { isAtLeast } from '../version.js';
import { given, givenBoth } from './answer.js';
import { note, warning } from './complaint.js';
import type { LiveCheck } from './evidence.js';
import type { Complaint } from './finding.js';
import { type Look, onPatroni } from './patroni-look.js';
import { slotOf } from './slot-name.js';

/** Patroni's settings, as far as they decide about a failover. */
export const PATRONI_SETTING_CHECKS: readonly LiveCheck[] = [
  {
    id: 'api-quick',
    layer: 'patroni',
    about: "Patroni's API answers well within HAProxy's `timeout check`",
    look: ({ patroni, haproxy }) =>
      givenBoth(patroni, haproxy, ({ members }, { checks }) => {
        const limitMs = timeOf(checks['haproxy.timeout_check']);
        if (limitMs === null) {
          return "HAProxy's `timeout check` is not known";
        }
        return members
          .filter(({ answeredMs }) => answeredMs !== null && answeredMs > limitMs / 2)
          .map(({ name, answeredMs }) =>
            warning(
              name,
              `The REST API of ${name} takes ${Math.round(answeredMs ?? 0)} ms to answer, and HAProxy waits ${limitMs} ms.`,
              'A check that takes longer counts as failed: HAProxy would cut the clients of a healthy primary.',
              `Find out what holds up ${name}, or raise \`timeout check\`.`,
            ),
          );
      }),
  },
  {
    id: 'keeps-wal',
    layer: 'patroni',
    about: 'the leader keeps the WAL that a replica has not received (use_slots, or wal_keep_size)',
    look: ({ patroni, postgres }) =>
      given(patroni, ({ config }) =>
        given(config, (settings): Look => {
          if (patroniSettings(settings)['patroni.use_slots'] === true) {
            return [];
          }
          const nodes = postgres.nodes.flatMap(({ answer }) => ('value' in answer ? [answer.value] : []));
          const kept = nodes[0]?.settings.get('wal_keep_size');
          // Patroni names the slots of the members so; a member's own patroni.yml may say true.
          const own = postgres.nodes.map(({ name }) => slotOf(name));
          const hasSlots = nodes.some(({ slots }) => slots.some(({ name }) => own.includes(name)));
          return hasSlots || (kept !== undefined && kept !== '0')
            ? []
            : [
                warning(
                  null,
                  'use_slots is false and wal_keep_size is 0.',
                  'A replica that was away for a checkpoint or two cannot follow any more and must be copied anew.',
                  'patronictl edit-config -s postgresql.use_slots=true',
                ),
              ];
        }),
      ),
  },
  {
    id: 'patroni-minimums',
    layer: 'patroni',
    about: 'ttl, loop_wait and retry_timeout are not below what Patroni takes (20, 1 and 3 s from 3.2 on)',
    look: onSettings((settings, version) => {
      if (version === null || !isAtLeast(version, '3.2')) {
        return [];
      }
      return PATRONI_MINIMUMS.flatMap(([name, least]) => {
        const value = Number(settings[`patroni.${name}`]);
        return value >= least
          ? []
          : [
              warning(
                null,
                `${name} is ${value}, and Patroni ${version} takes no less than ${least}.`,
                'Patroni goes by the minimum, so that what is configured tells nothing about a failover.',
                `patronictl edit-config -s ${name}=${least}`,
              ),
            ];
      });
    }),
  },
  {
    id: 'supported-pair',
    layer: 'patroni',
    about: 'this version of Patroni knows this version of PostgreSQL',
    look: onPatroni(({ members }) => {
      const complaints = new Map<string, Complaint>();
      for (const { self } of members) {
        const { version = null, serverVersion = null } = 'value' in self ? self.value : {};
        const major = serverVersion === null ? null : Math.floor(serverVersion / 10_000);
        const needed = NEEDED.findLast(([postgres]) => major !== null && major >= postgres)?.[1];
        if (version !== null && needed !== undefined && !isAtLeast(version, needed)) {
          complaints.set(
            version,
            warning(
              null,
              `Patroni ${version} does not know PostgreSQL ${major}.`,
              'It leaves out settings that it does not know, and may take processes of the server for clients.',
              `Use Patroni ${needed} or later.`,
            ),
          );
        }
      }
      return [...complaints.values()];
    }),
  },
  {
    id: 'sync-strict',
    layer: 'patroni',
    about: 'with synchronous_mode, a commit waits for a standby even when there is none',
    look: onSettings((settings) =>
      settings['patroni.synchronous_mode'] !== false && settings['patroni.synchronous_mode_strict'] !== true
        ? [
            note(
              null,
              'synchronous_mode is on, and synchronous_mode_strict is off.',
              'While no standby is there, commits are acknowledged that exist on the leader alone: a failover can lose them.',
              'patronictl edit-config -s synchronous_mode_strict=true',
            ),
          ]
        : [],
    ),
  },
  {
    id: 'timing-rule',
    layer: 'patroni',
    about: 'loop_wait + 2 × retry_timeout is at most ttl',
    look: onSettings((settings) => {
      const { 'patroni.ttl': ttl, 'patroni.loop_wait': loop, 'patroni.retry_timeout': retry } = settings;
      const sum = Number(loop) + 2 * Number(retry);
      return sum <= Number(ttl)
        ? []
        : [
            warning(
              null,
              `ttl is ${ttl}, and loop_wait + 2 × retry_timeout is ${sum}.`,
              'A leader that waits for etcd may lose its key while it goes on committing: two primaries.',
              `patronictl edit-config -s ttl=${sum}`,
            ),
          ];
    }),
  },
  {
    id: 'uses-rewind',
    layer: 'patroni',
    about:
      'a leader that was lost can come back by pg_rewind (use_pg_rewind, with data_checksums or wal_log_hints)',
    look: ({ patroni, postgres }) =>
      given(patroni, ({ config }) =>
        given(config, (settings): Look => {
          const why =
            'A leader that comes back with commits of its own must be copied anew: until then it is missing.';
          if (patroniSettings(settings)['patroni.use_pg_rewind'] !== true) {
            const fix = 'patronictl edit-config -s postgresql.use_pg_rewind=true';
            // A member's own patroni.yml may have it, which nobody tells.
            return objectOf(settings['postgresql'])?.['use_pg_rewind'] === undefined
              ? [note(null, 'use_pg_rewind is not in the dynamic configuration.', why, fix)]
              : [warning(null, 'use_pg_rewind is off.', why, fix)];
          }
          return postgres.nodes.flatMap(({ name, answer }) => {
            const read = (setting: string) => ('value' in answer ? answer.value.settings.get(setting) : 'on');
            return read('data_checksums') === 'on' || read('wal_log_hints') === 'on'
              ? []
              : [
                  warning(
                    name,
                    `use_pg_rewind is on, and ${name} has neither data_checksums nor wal_log_hints.`,
                    why,
                    'patronictl edit-config -p wal_log_hints=on, then patronictl restart SCOPE',
                  ),
                ];
          });
        }),
      ),
  },
];

/** Of PostgreSQL's major version on, by what each added to Patroni's list of settings. */
const NEEDED: readonly (readonly [postgres: number, patroni: string])[] = [
  [16, '3.0.3'],
  [17, '3.3.3'],
  [18, '4.0.7'],
];

/** By the names of a result, `patroni.ttl`, with Patroni's defaults. */
type Settings = ReturnType<typeof patroniSettings>;

function onSettings(look: (settings: Settings, version: string | null) => Look): LiveCheck['look'] {
  return onPatroni(({ config, members }) =>
    given(config, (raw) => {
      const versions = members.flatMap(({ self }) => ('value' in self ? (self.value.version ?? []) : []));
      return look(patroniSettings(objectOf(raw)), versions[0] ?? null);
    }),
  );
}

/** Milliseconds of a time as HAProxy writes it, `500ms`, `3s`, `3000`; null for what is none. */
export function timeOf(text: string | number | undefined): number | null {
  const [, digits, unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(String(text)) ?? [];
  const factor = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}
