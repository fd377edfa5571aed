import type { Complaint } from '../../finding.js';
import { type FileCheck, lookAt } from '../evidence.js';
import { place } from '../located.js';
import type { PatroniFile } from '../patroni-file.js';

/** What is told of a password is never the password. */
export const PASSWORD_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-passwords',
    layer: 'patroni',
    about: "no password is missing, its user's name, or one that everybody knows",
    look: lookAt(['patroni'], ({ patroni }) =>
      patroni.flatMap((file) => USERS.flatMap((user) => guessable(file, user))),
    ),
  },
  {
    id: 'file-same-passwords',
    layer: 'patroni',
    about: 'members have the same users and passwords',
    look: lookAt(['patroni'], ({ patroni }) =>
      USERS.flatMap((user) => {
        const said = new Set(patroni.map((file) => credentials(file, user)));
        return said.size < 2
          ? []
          : [
              {
                severity: 'refuse',
                subject: patroni.map((file) => place(file, file.yaml.find(...user))).join(', '),
                found: `${user.join('.')} differs between the members.`,
                why: 'The roles are replicated: a member that knows another password is let in nowhere once it has to reach a leader.',
                fix: 'Write the same user and password in all files.',
              },
            ];
      }),
    ),
  },
];

const USERS: readonly (readonly string[])[] = [
  ['postgresql', 'authentication', 'superuser'],
  ['postgresql', 'authentication', 'replication'],
  ['postgresql', 'authentication', 'rewind'],
  ['restapi', 'authentication'],
];

/** Certificates and such may well be each member's own. */
function credentials({ yaml }: PatroniFile, user: readonly string[]): string {
  return JSON.stringify(['username', 'password'].map((key) => yaml.text(...user, key)?.value ?? null));
}

/** Of the samples of Patroni, its images and guides, and of all lists of passwords. */
const KNOWN = [
  ...['zalando', 'rep-pass', 'rewind_password', 'rewind-pass', 'standby', 'replpass', 'reppassword'],
  ...[
    'password',
    'passw0rd',
    'p@ssw0rd',
    'postgres',
    'postgresql',
    'admin',
    'secret',
    'changeme',
    'change-me',
  ],
  ...['replication', 'replicator', 'root', 'test', 'patroni', 'letmein', 'welcome', 'default', 'qwerty'],
  ...['123', '1234', '12345', '123456', '12345678', '123456789', 'pass', 'mypassword', 'yourpassword'],
  ...['repl_password', 'super_password', 'postgres_password', 'replicator_password', 'strongpassword'],
];

const REASONS: Readonly<Record<string, string>> = {
  superuser: 'Whoever reaches the port of PostgreSQL may do everything there, and run programs on the host.',
  replication: 'Whoever reaches the port of PostgreSQL can copy the whole database.',
  rewind: 'Whoever reaches the port of PostgreSQL can read files of the database.',
  authentication: 'Whoever reaches the port of the API can switch over and restart.',
};

function guessable(file: PatroniFile, user: readonly string[]): readonly Complaint[] {
  const name = file.yaml.text(...user, 'username');
  const password = file.yaml.text(...user, 'password');
  if (name === undefined) {
    return [];
  }
  const isRestApi = user[0] === 'restapi';
  const complaint = (found: string) => ({
    severity: 'warn' as const,
    subject: place(file, password ?? name),
    found,
    why: REASONS[user.at(-1) ?? ''] ?? REASONS['authentication'] ?? '',
    fix: "Make one, 'openssl rand -base64 24', and write it into all files.",
  });
  if (password === undefined) {
    const other = ['sslcert', 'gssencmode'].some((key) => file.yaml.find(...user, key) !== undefined);
    // Peer and certificates need none.
    return other || isRestApi ? [] : [complaint(`${user.join('.')} has no password.`)];
  }
  const word = password.value.toLowerCase();
  if (word === name.value.toLowerCase()) {
    return [complaint(`The password in ${user.join('.')} is the name of its user.`)];
  }
  const isKnown = KNOWN.includes(word) || word === file.scope?.value.toLowerCase();
  return isKnown ? [complaint(`The password in ${user.join('.')} is one that is tried first.`)] : [];
}
