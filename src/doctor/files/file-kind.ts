import { ETCD_SETTINGS } from './etcd-file.js';
import { haproxyWords } from './haproxy-file.js';

export type FileKind = 'patroni' | 'etcd' | 'haproxy' | 'unit';

/** As messages call them. */
export const KIND_WORDS: Readonly<Record<FileKind, string>> = {
  patroni: "Patroni's configuration (YAML)",
  etcd: "etcd's environment or configuration",
  haproxy: "HAProxy's configuration",
  unit: 'a unit of systemd',
};

const PATRONI_KEY = /^(scope|namespace|restapi|bootstrap|postgresql|etcd3?|patronictl|ctl|tags|watchdog)\s*:/;
const ETCD_VARIABLE = /^\s*(export\s+)?(ETCD_[A-Z0-9_]+|DAEMON_ARGS|ETCD_OPTS)\s*=/;

/** What a text is by the words its lines begin with: the kind that most of them speak for; null where none does. */
export function kindOf(text: string): FileKind | null {
  const lines = text.split(/\r?\n/);
  const counted = [
    ['patroni', count(lines, PATRONI_KEY)],
    ['etcd', count(lines, ETCD_VARIABLE) + lines.filter(isEtcdKey).length],
    ['haproxy', lines.filter(isHaproxySection).length],
    ['unit', count(lines, /^\[(Unit|Service|Install|Socket|Timer|Mount|Path)\]\s*$/)],
  ] as const;
  const [kind, most] = counted.reduce((best, each) => (each[1] > best[1] ? each : best));
  return most === 0 ? null : kind;
}

const count = (lines: readonly string[], pattern: RegExp) =>
  lines.filter((line) => pattern.test(line)).length;

/** `name:` is Patroni's word, too. */
function isEtcdKey(line: string): boolean {
  const [, key = ''] = /^([a-z][a-z-]*)\s*:/.exec(line) ?? [];
  return key !== 'name' && ETCD_SETTINGS.includes(key);
}

function isHaproxySection(line: string): boolean {
  const [word = '', name] = haproxyWords(line);
  return ['global', 'defaults', 'listen', 'frontend', 'backend'].includes(word) && name !== '=';
}
