import type { Complaint } from '../../finding.js';
import { compareAll, type FileCheck, type FilesEvidence, groupBy, lookAt } from '../evidence.js';
import { place } from '../located.js';
import { memberName, neverLeads, type PatroniFile } from '../patroni-file.js';

/** Who the members say they are. */
export const IDENTITY_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-unique-names',
    layer: 'patroni',
    about: 'no two patroni.yml have the same name',
    look: compareAll('patroni', ({ patroni }) =>
      [...groupBy(patroni, ({ name }) => name?.value)].flatMap(([name, files]) =>
        files.length < 2
          ? []
          : [
              {
                severity: 'refuse',
                subject: places(files),
                found: `name is ${name} in ${files.length} files.`,
                why: 'Patroni knows a member by its name: the two would take each other for themselves in etcd.',
                fix: "Give each file its own name, the host's for one.",
              } as const,
            ],
      ),
    ),
  },
  {
    id: 'file-one-scope',
    layer: 'patroni',
    about: 'all patroni.yml have the same scope and namespace, and one at all',
    look: lookAt(['patroni'], (evidence) => [...missingScope(evidence), ...otherScopes(evidence)]),
  },
  {
    id: 'file-unique-addresses',
    layer: 'patroni',
    about: 'no two members have the same address',
    look: compareAll('patroni', ({ patroni }) => [
      ...sameAddresses(patroni, 'postgresql', (file) => file.postgres.connect?.value),
      ...sameAddresses(patroni, 'restapi', (file) => file.api.connect?.value),
    ]),
  },
  {
    id: 'file-candidates',
    layer: 'patroni',
    about: 'more than one member may become the leader',
    look: compareAll('patroni', ({ patroni }) => {
      const may = patroni.filter((file) => !neverLeads(file));
      return may.length >= 2
        ? []
        : [
            {
              severity: 'refuse',
              subject: null,
              found: `${may.length === 0 ? 'No member' : `Of ${patroni.length} members only ${may.map(memberName)}`} may become the leader by its tags.`,
              why: 'There is nobody to fail over to: a failover would never end.',
              fix: 'Take nofailover: true or failover_priority: 0 out of the tags of another member.',
            },
          ];
    }),
  },
  {
    id: 'file-doubled-keys',
    layer: 'patroni',
    about: 'no key stands twice in one place of a patroni.yml',
    look: lookAt(['patroni'], ({ patroni }) =>
      patroni.flatMap((file) =>
        file.yaml.doubled.map((key) => ({
          severity: 'warn',
          subject: place(file, key),
          found: `${key.value} stands there for the second time.`,
          why: 'Patroni takes the last one and says nothing; what the first one says does not hold.',
          fix: `Join what stands below both ${key.value}, or take one out.`,
        })),
      ),
    ),
  },
];

const places = (files: readonly PatroniFile[]) => files.map((file) => place(file, file.name)).join(', ');

function missingScope({ patroni }: FilesEvidence): readonly Complaint[] {
  return patroni
    .filter(({ scope }) => scope === undefined)
    .map((file) => ({
      severity: 'warn',
      subject: place(file),
      found: 'There is no scope.',
      why: 'Patroni does not start without one, unless the environment has PATRONI_SCOPE.',
      fix: 'Write scope: NAME, the same in all files of the cluster.',
    }));
}

/** Half of the members elsewhere is a second cluster with a leader of its own. */
function otherScopes({ patroni }: FilesEvidence): readonly Complaint[] {
  return (['scope', 'namespace'] as const).flatMap((key) => {
    const usual = key === 'scope' ? undefined : 'service';
    const bare = (text: string | undefined) => text?.replace(/^\/|\/$/g, '');
    const groups = groupBy(patroni, ({ yaml }) => bare(yaml.text(key)?.value) ?? usual);
    if (groups.size < 2) {
      return [];
    }
    const said = [...groups].map(([value, files]) => `${value} (${files.map(memberName).join(', ')})`);
    return [
      {
        severity: 'refuse',
        subject: patroni.map((file) => place(file, file.yaml.text(key))).join(', '),
        found: `${key} differs: ${said.join(' and ')}.`,
        why: 'Members of different scopes are different clusters, each with a leader and data of its own.',
        fix: `Write the same ${key} in all files.`,
      },
    ];
  });
}

function sameAddresses(
  patroni: readonly PatroniFile[],
  section: string,
  addressOf: (file: PatroniFile) => { readonly host: string; readonly port: number } | undefined,
): readonly Complaint[] {
  const keyOf = (file: PatroniFile) => {
    const address = addressOf(file);
    return address === undefined ? undefined : `${address.host}:${address.port}`;
  };
  return [...groupBy(patroni, keyOf)].flatMap(([address, files]) =>
    files.length < 2
      ? []
      : [
          {
            severity: 'refuse',
            subject: files.map((file) => place(file)).join(', '),
            found: `${section}.connect_address is ${address} in ${files.length} files.`,
            why: 'The others reach a member by what it says of itself: they would ask one for another.',
            fix: "Write each host's own address.",
          },
        ],
  );
}
