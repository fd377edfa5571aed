import type { Located } from './located.js';

/*
 * HAProxy's language: words, quotes, sections. What the words mean is haproxy-config.ts's.
 */

export interface HaproxyLine {
  readonly line: number;
  readonly words: readonly string[];
}

export interface HaproxySection {
  /** `global`, `defaults`, `listen`, … */
  readonly kind: string;
  readonly name: string;
  /** Name of the defaults that it takes, as `listen rw from tcp` says; null for the last ones above it. */
  readonly from: string | null;
  readonly line: number;
  readonly lines: readonly HaproxyLine[];
}

export interface HaproxySource {
  readonly sections: readonly HaproxySection[];
  /** Lines in front of any section, which HAProxy does not take. */
  readonly stray: readonly Located<string>[];
}

const SECTIONS = [
  ...['global', 'defaults', 'listen', 'frontend', 'backend', 'userlist', 'peers', 'resolvers', 'mailers'],
  ...['program', 'cache', 'ring', 'http-errors', 'fcgi-app', 'crt-store', 'traces', 'acme', 'log-forward'],
  ...['log-profile', 'dynamic-update'],
];

/** Never throws: what is no line of HAProxy's is words of some section, or stray. */
export function parseHaproxyFile(text: string): HaproxySource {
  const sections: (HaproxySection & { readonly lines: HaproxyLine[] })[] = [];
  const stray: Located<string>[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const words = haproxyWords(raw);
    const [kind = ''] = words;
    if (words.length === 0) {
      continue;
    }
    if (SECTIONS.includes(kind)) {
      sections.push(sectionOf(words, line));
      continue;
    }
    const section = sections.at(-1);
    if (section === undefined) {
      stray.push({ value: kind, line });
    } else {
      section.lines.push({ line, words });
    }
  }
  return { sections, stray };
}

function sectionOf(words: readonly string[], line: number) {
  const from = words.indexOf('from');
  const [kind = '', name = ''] = words;
  return {
    kind,
    name: from === 1 ? '' : name,
    from: from > 0 ? (words[from + 1] ?? null) : null,
    line,
    lines: [],
  };
}

/** Words of one line: `\` takes the next character as it is, `'…'` all of them, `"…"` all but `\` and `"`; `#` ends it. */
export function haproxyWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && quote !== "'") {
      at += 1;
      word = (word ?? '') + text.charAt(at);
    } else if (quote !== null ? character === quote : character === '"' || character === "'") {
      quote = quote === null ? character : null;
      word ??= '';
    } else if (quote === null && character === '#') {
      break;
    } else if (quote === null && /\s/.test(character)) {
      words.push(...(word === null ? [] : [word]));
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  return word === null ? words : [...words, word];
}
