import { UserError } from '../../errors.js';
import type { OptionValues, WorkloadOption } from '../workload.js';
import { ACCOUNTS } from './tables.js';

/** pgbench's options of its tables, by its own names and letters and with its defaults, and what they come to. */
export const PGBENCH_OPTIONS: readonly WorkloadOption[] = [
  {
    name: 'scale',
    alias: 's',
    type: 'number',
    integer: true,
    default: 1,
    min: 1,
    // The last at which tellers, ten for each, have int numbers.
    max: 214_748_364,
    summary: `size of the tables that init makes: ${ACCOUNTS} accounts each; a run finds it in the tables`,
  },
  {
    name: 'init-steps',
    alias: 'I',
    type: 'string',
    default: 'dtgvp',
    command: 'init',
    summary:
      'what is done, in this order: d drop tables, t create tables, g load rows from here, G make them in the server, v vacuum, p primary keys, f foreign keys',
  },
  {
    name: 'fillfactor',
    alias: 'F',
    type: 'number',
    integer: true,
    default: 100,
    min: 10,
    max: 100,
    command: 'init',
    summary: 'fillfactor of accounts, branches and tellers, %',
  },
  {
    name: 'partitions',
    type: 'number',
    integer: true,
    default: 0,
    min: 0,
    max: 2_147_483_647,
    command: 'init',
    summary: 'number of partitions of pgbench_accounts, 0 = none',
  },
  {
    // No `values`: pgbench takes capitals, too, and tells no method from the default one.
    name: 'partition-method',
    type: 'string',
    default: '',
    command: 'init',
    summary: 'how pgbench_accounts is partitioned: range, which is the default, or hash',
  },
  {
    name: 'foreign-keys',
    type: 'boolean',
    default: false,
    command: 'init',
    summary: 'add foreign keys last: f behind the init steps, unless it is among them',
  },
  {
    name: 'unlogged-tables',
    type: 'boolean',
    default: false,
    command: 'init',
    summary: 'make tables that are not in the WAL: on a new leader they are empty',
  },
  {
    name: 'tablespace',
    type: 'string',
    default: '',
    command: 'init',
    summary: "tablespace of the tables, by default the database's",
  },
  {
    name: 'index-tablespace',
    type: 'string',
    default: '',
    command: 'init',
    summary: "tablespace of the primary keys, by default the database's",
  },
  {
    name: 'no-vacuum',
    alias: 'n',
    type: 'boolean',
    default: false,
    summary:
      'init without v among its steps; a run without the vacuum before it, which also empties the history',
  },
  {
    name: 'quiet',
    alias: 'q',
    type: 'boolean',
    default: false,
    command: 'init',
    summary: 'taken for the sake of lines that have it: init shows no more than a progress bar anyhow',
  },
  {
    name: 'vacuum-all',
    alias: 'v',
    type: 'boolean',
    default: false,
    command: 'run',
    summary: 'also vacuum and analyze pgbench_accounts before the run',
  },
];

const LETTERS = 'dtgGvpf';

/** d drop, t create tables, g load by COPY, G generate in the server, v vacuum, p primary keys, f foreign keys */
export type InitStep = 'd' | 't' | 'g' | 'G' | 'v' | 'p' | 'f';

/** What `init` is to do. */
export interface InitSettings {
  readonly scale: number;
  /** In order; may be empty. */
  readonly steps: readonly InitStep[];
  readonly fillfactor: number;
  /** Of pgbench_accounts. */
  readonly partitioning: Partitioning | null;
  readonly unlogged: boolean;
  /** Null for the default of the database. */
  readonly tablespace: string | null;
  readonly indexTablespace: string | null;
}

export interface Partitioning {
  readonly method: 'range' | 'hash';
  readonly count: number;
}

/**
 * @param options as of parseOptions; what is absent has pgbench's default
 * @throws UserError for words that it does not take, and for those that do not go together
 */
export function initSettings(options: OptionValues): InitSettings {
  const text = (name: string): string => String(optionOf(options, name));
  return {
    scale: Number(optionOf(options, 'scale')),
    steps: stepsOf(text('init-steps'), isOn(options, 'no-vacuum'), isOn(options, 'foreign-keys')),
    fillfactor: Number(optionOf(options, 'fillfactor')),
    partitioning: partitioningOf(Number(optionOf(options, 'partitions')), text('partition-method')),
    unlogged: isOn(options, 'unlogged-tables'),
    tablespace: text('tablespace') || null,
    indexTablespace: text('index-tablespace') || null,
  };
}

/** Whether an option without a value was given. */
export function isOn(options: OptionValues, name: string): boolean {
  return optionOf(options, name) === true;
}

function optionOf(options: OptionValues, name: string): OptionValues[string] | undefined {
  return options[name] ?? PGBENCH_OPTIONS.find((option) => option.name === name)?.default;
}

/** Letters in any order, as often as one likes, with blanks between them, as in pgbench. */
function stepsOf(letters: string, noVacuum: boolean, foreignKeys: boolean): readonly InitStep[] {
  if (letters === '') {
    throw new UserError(`--init-steps: expected letters of ${LETTERS}, found none.`);
  }
  const steps: InitStep[] = [];
  for (const letter of letters) {
    if (letter === ' ') {
      continue;
    }
    if (!isStep(letter)) {
      throw new UserError(`--init-steps: expected letters of ${LETTERS}, found '${letter}' in '${letters}'.`);
    }
    if (letter !== 'v' || !noVacuum) {
      steps.push(letter);
    }
  }
  return foreignKeys && !steps.includes('f') ? [...steps, 'f'] : steps;
}

function isStep(letter: string): letter is InitStep {
  return LETTERS.includes(letter);
}

function partitioningOf(count: number, word: string): Partitioning | null {
  const method = word.toLowerCase();
  if (method !== '' && method !== 'range' && method !== 'hash') {
    throw new UserError(`--partition-method: expected range or hash, found '${word}'.`);
  }
  if (count > 0) {
    return { method: method === '' ? 'range' : method, count };
  }
  if (method !== '') {
    throw new UserError(
      `--partition-method: expected --partitions of at least 1 beside it, found ${count}.`,
      'Say how many partitions there shall be, or leave the method out.',
    );
  }
  return null;
}
