import type { GateOutcome } from '../../result/gate.js';
import type { Result } from '../../result/result.js';
import { formatMicros, formatMillis, formatRate } from '../../units.js';
import { faultName } from '../terminal/fault.js';
import { titleParts } from '../terminal/heading.js';
import { counted, plain } from '../terminal/text.js';
import { type VerdictPart, verdictOf } from '../verdict.js';
import { type Child, h, type Markup } from './element.js';
import { figuresOf } from './figures.js';
import { BARE_STYLE, table } from './words.js';

/** What came of the run, what was demanded of it, and its key figures: the top of the page. */
export function summarySection(result: Result, name: string, id: string, heading: 'h1' | 'h2'): Markup {
  return h(
    'section',
    { class: 'summary', 'aria-labelledby': `${id}-title` },
    h(heading, { id: `${id}-title`, class: 'run-title' }, runTitle(result)),
    h('p', { class: 'verdict' }, statements(result).map(statement)),
    h('p', { class: 'run-line' }, runLine(result, name)),
    warnings(result).map((text) => h('p', { class: 'warning' }, sign('doubt'), text)),
    gateList(result.gates),
    figuresOf(result),
  );
}

/** `tpcb, switchover of n1` */
export function runTitle({ plan, faults }: Result): string {
  const done = faults.filter(({ askedAtMs }) => askedAtMs !== null);
  const names = [...new Set(done.map((fault) => (done.length > 3 ? plain(fault.kind) : faultName(fault))))];
  return [plain(plan.workload.name), names.join(' + ') || 'no fault'].join(', ');
}

function runLine(result: Result, name: string): Child[] {
  const { run, cluster } = result;
  const versions = [
    ['PostgreSQL', cluster.postgres],
    ['Patroni', cluster.patroni],
    ['HAProxy', cluster.haproxy],
  ].flatMap(([program, version]) => (version === null ? [] : [plain(`${program} ${version}`)]));
  const parts = [
    ...titleParts(result, BARE_STYLE),
    `${run.startedAt.slice(0, 19).replace('T', ' ')} UTC`,
    ...versions,
    plain(name),
  ];
  return parts.map((part) => h('span', {}, part));
}

/** Without a fault, what the load reached is what there is to say. */
function statements(result: Result): readonly VerdictPart[] {
  const verdict = verdictOf(result);
  if (verdict.length > 0) {
    return verdict;
  }
  const { tps, response } = result.totals;
  const of = response === null ? 'nothing acknowledged' : `p99 ${formatMicros(response.p99Us)}`;
  const tone = response === null ? 'bad' : null;
  return [
    { text: `${formatRate(tps)} tps`, detail: '', tone, strong: true },
    { text: of, detail: '', tone, strong: true },
    { text: 'no fault was done', detail: '', tone: null, strong: false },
  ];
}

function statement({ text, detail, tone, strong }: VerdictPart): Markup {
  const main = h(strong ? 'strong' : 'span', {}, text);
  return h(
    'span',
    { class: `statement ${tone ?? 'neutral'}` },
    tone === null ? null : sign(tone),
    main,
    detail,
  );
}

const SIGNS = { good: '✓', bad: '✕', doubt: '!' } as const;
const SIGN_WORDS = { good: 'good: ', bad: 'bad: ', doubt: 'uncertain: ' } as const;

/** A sign beside the colour, and a word for who sees neither. */
export function sign(tone: keyof typeof SIGNS): Child[] {
  return [
    h('span', { class: `sign ${tone}`, 'aria-hidden': 'true' }, SIGNS[tone]),
    h('span', { class: 'unseen' }, SIGN_WORDS[tone]),
  ];
}

/** What makes every figure below doubtful. */
function warnings({ run, generator }: Result): string[] {
  const endings = { completed: null, interrupted: 'Interrupted', broken: 'Broken off' } as const;
  const ending = endings[run.status];
  const when =
    run.elapsedMs > 0 ? `after ${formatMillis(run.elapsedMs)}.` : 'in the warm-up: nothing was measured.';
  return [
    ...(ending === null ? [] : [`${ending} ${when}`]),
    ...(generator.healthy ? [] : [`Doubtful: ${plain(generator.verdict)}`]),
  ];
}

function gateList(gates: readonly GateOutcome[]): Markup | null {
  if (gates.length === 0) {
    return null;
  }
  const failed = gates.filter(({ passed }) => !passed).length;
  const caption =
    failed === 0
      ? `All ${counted(gates.length, 'gate')} passed`
      : `${failed} of ${counted(gates.length, 'gate')} failed`;
  return h(
    'div',
    { class: failed === 0 ? 'gates' : 'gates failed' },
    table({
      caption,
      head: ['Gate', '', 'Found'],
      kinds: ['text', 'text', 'text'],
      rows: gates.map(({ expression, passed, text }) => [
        h('code', {}, plain(expression)),
        h(
          'span',
          { class: passed ? 'good' : 'bad' },
          sign(passed ? 'good' : 'bad'),
          passed ? 'passed' : 'failed',
        ),
        plain(text),
      ]),
    }),
  );
}
