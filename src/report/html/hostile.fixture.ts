import type { Result } from '../../result/result.js';

/** Ends a script, an attribute and a comment, and begins what would run. */
export const HOSTILE = `</script><img src=x onerror="window.hit=1">'"\`--><b onclick='window.hit=1'>\u2028\u2029&lt;i&gt;`;

/** Words that the tool itself chose, by the name of their field: all other text may come from the target or from outside. */
const OWN: ReadonlySet<string> = new Set([
  'format',
  'kind',
  'layer',
  'route',
  'status',
  'outcome',
  'mode',
  'per',
  'contention',
  'protocol',
  'connections',
  'sslMode',
  'ledger',
  'evidence',
  'unit',
  'startedAt',
]);

/** Records whose very keys come from outside. */
const FOREIGN_KEYS: ReadonlySet<string> = new Set([
  'settings',
  'tags',
  'variables',
  'options',
  'writers',
  'errors',
]);

/** The result with markup in every text, and in every key, that a target or a user could have put it into. */
export function hostileOf(result: Result): Result {
  return poisoned(result, '') as Result;
}

function poisoned(value: unknown, name: string): unknown {
  if (typeof value === 'string') {
    return OWN.has(name) ? value : `${value}${HOSTILE}`;
  }
  if (Array.isArray(value)) {
    return value.map((each) => poisoned(each, ''));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value).map(([key, each]) => {
    const own = FOREIGN_KEYS.has(name) ? `${key}${HOSTILE}` : key;
    return [own, poisoned(each, key)] as const;
  });
  return Object.fromEntries(entries);
}
