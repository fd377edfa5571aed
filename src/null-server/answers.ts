import {
  type Column,
  commandComplete,
  dataRow,
  EMPTY_QUERY,
  errorResponse,
  rowDescription,
} from './messages.js';

/** What a statement is answered with, made when it is parsed. */
export interface Answer {
  /** RowDescription, where the statement has rows. */
  readonly description: Buffer | null;
  /** Rows and CommandComplete, or an error. */
  readonly result: Buffer;
  /** What it does to the transaction block. */
  readonly block: 'opens' | 'closes' | 'fails' | 'leaves';
}

/** Of all its sessions: it is one process. Who asks one for its process is told what it was told at its start. */
export const PROCESS_ID = process.pid;

/** Whose tables the server pretends to have: pgbench's at this scale, and any number of sysbench's. */
export const SCALE = 100;

/**
 * Answers by what the statement begins with: one row with a zero for whatever reads, and the tag of success for the
 * rest. The few questions that pgha-bench asks before a load are answered as a healthy server would.
 */
export function answerTo(statement: string, port: number): Answer {
  const known = KNOWN.find(({ asks }) => asks.test(statement));
  if (known !== undefined) {
    return rows(known.columns, known.rows(port));
  }
  const word = /^\s*(?:--[^\n]*\n\s*|\/\*.*?\*\/\s*)*(\w*)/s.exec(statement)?.[1]?.toUpperCase() ?? '';
  switch (word) {
    case '':
      return { description: null, result: EMPTY_QUERY, block: 'leaves' };
    case 'SELECT':
    case 'WITH':
    case 'VALUES':
    case 'SHOW':
    case 'TABLE':
      return rows([{ name: 'value', type: 'int4' }], [['0']]);
    case 'BEGIN':
    case 'START':
      return done('BEGIN', 'opens');
    case 'COMMIT':
    case 'END':
      return done('COMMIT', 'closes');
    case 'ROLLBACK':
    case 'ABORT':
      return done('ROLLBACK', 'closes');
    case 'INSERT':
      return done('INSERT 0 1');
    case 'UPDATE':
    case 'DELETE':
      return done(`${word} 1`);
    case 'COPY':
      return refused(`The null server has no ${word}.`);
    default:
      return done(word);
  }
}

function done(tag: string, block: Answer['block'] = 'leaves'): Answer {
  return { description: null, result: commandComplete(tag), block };
}

function refused(said: string): Answer {
  return { description: null, result: errorResponse('ERROR', '0A000', said), block: 'fails' };
}

function rows(columns: readonly Column[], values: readonly (readonly (string | null)[])[]): Answer {
  return {
    description: rowDescription(columns),
    result: Buffer.concat([...values.map(dataRow), commandComplete(`SELECT ${values.length}`)]),
    block: 'leaves',
  };
}

interface Known {
  readonly asks: RegExp;
  readonly columns: readonly Column[];
  readonly rows: (port: number) => readonly (readonly (string | null)[])[];
}

const TABLES: Readonly<Record<string, readonly [columns: string, key: string | null]>> = {
  pgbench_accounts: ['{aid,bid,abalance,filler}', 'aid'],
  pgbench_branches: ['{bid,bbalance,filler}', 'bid'],
  pgbench_history: ['{tid,bid,aid,delta,mtime,filler}', null],
  pgbench_tellers: ['{tid,bid,tbalance,filler}', 'tid'],
};

/** Kept in step by the test that runs a load against the server. */
const KNOWN: readonly Known[] = [
  {
    asks: /^SELECT host\(inet_server_addr\(\)\) AS host, inet_server_port\(\) AS port/,
    columns: [
      { name: 'host', type: 'text' },
      { name: 'port', type: 'int4' },
      { name: 'pid', type: 'int4' },
    ],
    rows: (port) => [['127.0.0.1', String(port), String(PROCESS_ID)]],
  },
  {
    asks: /^SELECT pg_backend_pid\(\) AS pid/,
    columns: [{ name: 'pid', type: 'int4' }],
    rows: () => [[String(PROCESS_ID)]],
  },
  {
    asks: /^\s*SELECT pg_is_in_recovery\(\) AS standby/,
    columns: [
      { name: 'standby', type: 'bool' },
      { name: 'room', type: 'json' },
    ],
    rows: () => [['f', '{"max": 1000000, "reserved": 0, "used": 0}']],
  },
  {
    asks: /^select name, c\.relkind as kind/,
    columns: [
      { name: 'name', type: 'text' },
      { name: 'kind', type: 'text' },
      { name: 'columns', type: 'text[]' },
      { name: 'key', type: 'text' },
    ],
    rows: () => Object.entries(TABLES).map(([name, [columns, key]]) => [name, 'r', columns, key]),
  },
  {
    asks: /^select \(select count\(\*\)::int from pgbench_branches\) as branches/,
    columns: [
      { name: 'branches', type: 'int4' },
      { name: 'tellers', type: 'int4' },
      { name: 'last', type: 'text' },
    ],
    rows: () => [[String(SCALE), String(10 * SCALE), String(100_000 * SCALE)]],
  },
  { asks: /^select exists \(/, columns: [{ name: 'readable', type: 'bool' }], rows: () => [['f']] },
  {
    asks: /FROM pg_settings WHERE/,
    columns: [
      { name: 'name', type: 'text' },
      { name: 'value', type: 'text' },
    ],
    rows: () => [],
  },
];
