import { UserError } from '../../errors.js';
import type { OptionValues, WorkloadOption } from '../workload.js';
import { type Draw, gaussian, pareto, special, uniform, zipfian } from './random.js';

/**
 * sysbench's options by its own names and with its defaults, and what they come to. All OLTP workloads have all of
 * them, as in sysbench, where most have an effect in some only: the same line serves for prepare, run and cleanup.
 */

const INT32_MAX = 2_147_483_647;

function count(name: string, initial: number, summary: string, min = 0, max = INT32_MAX): WorkloadOption {
  return { name, type: 'number', integer: true, default: initial, min, max, summary };
}

function flag(name: string, initial: boolean, summary: string): WorkloadOption {
  return { name, type: 'boolean', default: initial, summary };
}

const VERSION: WorkloadOption = {
  name: 'sysbench',
  type: 'string',
  default: '1.0',
  values: ['1.0', '1.0.20', '1.1'],
  summary: 'the sysbench whose defaults and options these are: 1.0 or 1.1',
};

export const OLTP_OPTIONS: readonly WorkloadOption[] = [
  count('tables', 1, 'number of tables', 1),
  count('table-size', 10_000, 'rows of each table', 1),
  count('range-size', 100, 'ids that a range spans', 1),
  count('point-selects', 10, 'selects of one row by its id, in each event'),
  count('simple-ranges', 1, 'selects of a range of ids, in each event'),
  count('sum-ranges', 1, 'sums over a range of ids, in each event'),
  count('order-ranges', 1, 'sorted selects of a range of ids, in each event'),
  count('distinct-ranges', 1, 'distinct selects of a range of ids, in each event'),
  count('index-updates', 1, 'updates of a column with an index, in each event'),
  count('non-index-updates', 1, 'updates of a column without an index, in each event'),
  count('delete-inserts', 1, 'pairs of delete and insert of the same id, in each event'),
  flag('range-selects', true, 'whether an event has the four kinds of range selects'),
  flag('auto-inc', true, 'whether ids come from a sequence, else from the client'),
  flag('skip-trx', false, 'whether each statement commits by itself, without BEGIN and COMMIT'),
  flag(
    'secondary',
    false,
    'an index in place of the primary key: MySQL only, refused as PostgreSQL refuses it',
  ),
  flag('create-secondary', true, 'whether prepare makes an index on k'),
  {
    name: 'create-table-options',
    type: 'string',
    default: '',
    summary: 'text behind CREATE TABLE (…) [1.1 only]',
  },
  count('reconnect', 0, 'connect anew after so many events, 0 = never [1.1 only]'),
  {
    name: 'db-ps-mode',
    type: 'string',
    default: 'auto',
    values: ['auto', 'disable'],
    summary: 'auto: prepared statements; disable: values are written into the text',
  },
  {
    name: 'rand-type',
    type: 'string',
    default: 'default',
    values: ['default', 'uniform', 'gaussian', 'special', 'pareto', 'zipfian'],
    summary:
      'distribution of ids; by default special, with 1.1 uniform [special: 1.0 only, zipfian: 1.1 only]',
  },
  count('rand-spec-iter', 12, 'uniform values that special and gaussian take the mean of [1.0 only]', 1),
  count('rand-spec-pct', 1, 'width of the hot middle of special, % of the range [1.0 only]', 0, 100),
  count('rand-spec-res', 75, 'values that special puts into its hot middle, % [1.0 only]', 0, 100),
  {
    name: 'rand-pareto-h',
    type: 'number',
    default: 0.2,
    min: 0,
    max: 1,
    summary: 'share of the ids that takes the rest of the draws, for pareto; between 0 and 1',
  },
  {
    name: 'rand-zipfian-exp',
    type: 'number',
    default: 0.8,
    min: 0,
    summary: 'exponent of zipfian [1.1 only]',
  },
  VERSION,
];

export const BULK_OPTIONS: readonly WorkloadOption[] = [
  {
    ...count('threads', 1, 'tables that init makes: a run needs one for each client', 1),
    command: 'init',
  },
  VERSION,
];

/** Options that only the workloads select_random_… have; here are their defaults for an event of somebody's own. */
const OTHER_DEFAULTS: OptionValues = { 'random-points': 10, 'number-of-ranges': 10, delta: 5, threads: 1 };

const DEFAULTS: OptionValues = {
  ...OTHER_DEFAULTS,
  ...Object.fromEntries(OLTP_OPTIONS.map((option) => [option.name, option.default])),
};

/** The options, resolved. */
export interface Settings {
  readonly tables: number;
  readonly tableSize: number;
  readonly rangeSize: number;
  readonly pointSelects: number;
  readonly simpleRanges: number;
  readonly sumRanges: number;
  readonly orderRanges: number;
  readonly distinctRanges: number;
  readonly indexUpdates: number;
  readonly nonIndexUpdates: number;
  readonly deleteInserts: number;
  readonly rangeSelects: boolean;
  readonly autoInc: boolean;
  readonly skipTransaction: boolean;
  readonly secondary: boolean;
  readonly createSecondary: boolean;
  readonly createTableOptions: string;
  readonly serverPrepared: boolean;
  readonly randomPoints: number;
  readonly numberOfRanges: number;
  readonly delta: number;
  /** Of bulk_insert. */
  readonly threads: number;
  /** The distribution that --rand-type names. */
  readonly draw: Draw;
}

/**
 * @param options as of parseOptions; what is absent has sysbench's default
 * @throws UserError for what the chosen version of sysbench lacks
 */
export function settingsOf(options: OptionValues): Settings {
  const number = (name: string): number => Number(options[name] ?? DEFAULTS[name]);
  const on = (name: string): boolean => (options[name] ?? DEFAULTS[name]) === true;
  const text = (name: string): string => String(options[name] ?? DEFAULTS[name]);
  refuseOtherVersion(options, text('sysbench'));
  return {
    tables: number('tables'),
    tableSize: number('table-size'),
    rangeSize: number('range-size'),
    pointSelects: number('point-selects'),
    simpleRanges: number('simple-ranges'),
    sumRanges: number('sum-ranges'),
    orderRanges: number('order-ranges'),
    distinctRanges: number('distinct-ranges'),
    indexUpdates: number('index-updates'),
    nonIndexUpdates: number('non-index-updates'),
    deleteInserts: number('delete-inserts'),
    rangeSelects: on('range-selects'),
    autoInc: on('auto-inc'),
    skipTransaction: on('skip-trx'),
    secondary: on('secondary'),
    createSecondary: on('create-secondary'),
    createTableOptions: text('create-table-options'),
    serverPrepared: text('db-ps-mode') !== 'disable',
    randomPoints: number('random-points'),
    numberOfRanges: number('number-of-ranges'),
    delta: number('delta'),
    threads: number('threads'),
    draw: drawOf(text('rand-type'), text('sysbench'), number),
  };
}

/** What one version has and the other has not. */
const ONLY_IN: Readonly<Record<'1.0' | '1.1', readonly string[]>> = {
  '1.0': ['rand-spec-iter', 'rand-spec-pct', 'rand-spec-res'],
  '1.1': ['reconnect', 'create-table-options', 'rand-zipfian-exp'],
};

/** An option at its default has no effect, so only another value shows that it was given. */
function refuseOtherVersion(options: OptionValues, version: string): void {
  const other = version === '1.1' ? '1.0' : '1.1';
  for (const name of ONLY_IN[other]) {
    const value = options[name];
    if (value !== undefined && value !== DEFAULTS[name]) {
      throw new UserError(
        `--${name}: sysbench ${version} has no such option.`,
        `Leave it out, or give --sysbench ${other}.`,
      );
    }
  }
}

function drawOf(type: string, version: string, number: (name: string) => number): Draw {
  const has11 = version === '1.1';
  const named = type === 'default' ? (has11 ? 'uniform' : 'special') : type;
  const lacks = has11 ? 'special' : 'zipfian';
  if (named === lacks) {
    throw new UserError(
      `--rand-type: sysbench ${version} has no distribution '${named}'.`,
      `Take another, or give --sysbench ${has11 ? '1.0' : '1.1'}.`,
    );
  }
  switch (named) {
    case 'uniform':
      return uniform;
    case 'gaussian':
      return gaussian(number('rand-spec-iter'));
    case 'special':
      return special({
        iterations: number('rand-spec-iter'),
        percent: number('rand-spec-pct'),
        reserved: number('rand-spec-res'),
      });
    case 'pareto':
      return paretoOf(number('rand-pareto-h'));
    case 'zipfian':
      return zipfian(number('rand-zipfian-exp'));
    default:
      throw new UserError(
        `--rand-type: expected uniform, gaussian, special, pareto or zipfian, found '${named}'.`,
      );
  }
}

/** At either end the formula has no value. */
function paretoOf(h: number): Draw {
  if (!(h > 0 && h < 1)) {
    throw new UserError(`--rand-pareto-h: expected a number between 0 and 1, neither of them, found ${h}.`);
  }
  return pareto(h);
}
