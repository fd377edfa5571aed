import type { Verb } from '../program.js';

/**
 * What the statements of one message do to the transaction together.
 *
 * @param tokens of sql-lexer.ts: words in lower case and symbols, a `;` between statements
 */
export function verbOf(tokens: readonly string[]): Verb {
  let verb: Verb = 'read';
  for (const statement of split(tokens)) {
    verb = joined(verb, verbOfStatement(statement));
  }
  return verb;
}

/** Whether any of the statements of one message writes: the joined verb of `begin; insert …; commit` does not tell. */
export function holdsWrite(tokens: readonly string[]): boolean {
  return split(tokens).some((statement) => verbOfStatement(statement) === 'write');
}

function split(tokens: readonly string[]): string[][] {
  const statements: string[][] = [[]];
  for (const token of tokens) {
    if (token === ';') {
      statements.push([]);
    } else {
      statements.at(-1)?.push(token);
    }
  }
  return statements;
}

/**
 * A message that holds a commit can leave one in doubt whatever else it holds. What is written behind a begin is
 * committed by a later message; what is written before a rollback never is.
 */
function joined(before: Verb, next: Verb): Verb {
  if (before === 'commit' || next === 'commit') {
    return 'commit';
  }
  if (next === 'read' || (before === 'begin' && next === 'write')) {
    return before;
  }
  return next;
}

function verbOfStatement(tokens: readonly string[]): Verb {
  const words = tokens.slice(tokens.findIndex((token) => token !== '('));
  const [first = '', second = ''] = words;
  switch (first) {
    case 'begin':
      return 'begin';
    case 'start':
      return second === 'transaction' ? 'begin' : 'write';
    case 'commit':
    case 'end':
      // COMMIT PREPARED ends a transaction that is not this session's.
      return second === 'prepared' ? 'write' : 'commit';
    case 'prepare':
      return second === 'transaction' ? 'commit' : 'read';
    case 'rollback':
    case 'abort':
      return verbOfRollback(words);
    case 'select':
    case 'with':
      return writes(words) ? 'write' : 'read';
    case 'explain':
      return words.includes('analyze') && writes(words) ? 'write' : 'read';
    default:
      return COMMITS_NOTHING.has(first) ? 'read' : 'write';
  }
}

function verbOfRollback(words: readonly string[]): Verb {
  if (words[1] === 'prepared') {
    return 'write';
  }
  // ROLLBACK [WORK | TRANSACTION] TO a savepoint stays in the transaction.
  return words[1] === 'to' || words[2] === 'to' ? 'read' : 'rollback';
}

const COMMITS_NOTHING = new Set([
  // Nothing but blanks, comments and semicolons.
  '',
  'close',
  'deallocate',
  'declare',
  'discard',
  'fetch',
  'listen',
  'lock',
  'move',
  'release',
  'reset',
  'savepoint',
  'set',
  'show',
  'table',
  'unlisten',
  'values',
]);

/**
 * Whether a query changes data: by a data-modifying WITH, by INTO, or perhaps by a function that it calls. SELECT …
 * FOR UPDATE does not: its row locks are gone with the transaction, whether that was committed or not.
 */
function writes(words: readonly string[]): boolean {
  return words.some((word, i) => {
    const before = words[i - 1];
    switch (word) {
      case 'insert':
      case 'delete':
      case 'merge':
      case 'into':
        return true;
      case 'update':
        return before !== 'for' && !(before === 'key' && words[i - 2] === 'no');
      default:
        return words[i + 1] === '(' && !NAMES_COLUMNS.has(before ?? '') && mayWrite(word);
    }
  });
}

/** Behind these a name and a parenthesis list columns: `with t (a, b) as`, `from f() as t (a, b)`. */
const NAMES_COLUMNS = new Set(['as', 'with', 'recursive']);

/** A function of which it is not known that it only reads may write: `select transfer(:from, :to)` is common. */
function mayWrite(name: string): boolean {
  return /^[a-z_\u0080-\uffff]/.test(name) && !name.startsWith('pg_') && !READS.has(name);
}

/** What can stand before a parenthesis in a query and writes nothing: keywords, types, and the functions of PostgreSQL that queries mostly use. */
const READS: ReadonlySet<string> = new Set(
  `
  select with recursive as materialized from where and or not in exists any all some having on using join lateral
  values union intersect except case when then else end between like ilike similar is distinct over partition by
  order group within filter limit offset fetch rows first next row array cast interval only tablesample of ordinality
  rollup cube sets grouping window escape collate operator asc desc nulls explain analyze
  int integer bigint smallint numeric decimal real float double precision char character varchar varying text bit
  timestamp timestamptz time timetz date boolean bytea json jsonb uuid
  abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees div exp factorial floor gcd lcm ln log log10 mod pi power
  radians random random_normal round scale sign sin sqrt tan trunc width_bucket
  ascii btrim char_length character_length chr concat concat_ws convert_from convert_to decode encode format initcap
  left length lower lpad ltrim md5 octet_length overlay position quote_ident quote_literal quote_nullable regexp_count
  regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table repeat replace
  reverse right rpad rtrim sha256 split_part starts_with strpos string_to_array string_to_table substr substring
  to_char to_date to_hex to_number to_timestamp translate trim upper
  age clock_timestamp current_date current_time current_timestamp date_bin date_part date_trunc extract isfinite
  justify_days justify_hours justify_interval localtime localtimestamp make_date make_interval make_time
  make_timestamp make_timestamptz now statement_timestamp timeofday transaction_timestamp
  array_agg array_append array_cat array_length array_lower array_position array_prepend array_remove array_to_string
  array_upper cardinality unnest avg bit_and bit_or bool_and bool_or coalesce corr count every greatest least max min
  mode nullif percentile_cont percentile_disc stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance
  cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
  generate_series generate_subscripts
  json_agg json_build_array json_build_object json_object_agg jsonb_agg jsonb_array_elements jsonb_build_array
  jsonb_build_object jsonb_each jsonb_object_agg jsonb_path_query row_to_json to_json to_jsonb
  current_database current_schema current_schemas current_setting current_user has_table_privilege
  inet_client_addr inet_client_port inet_server_addr inet_server_port session_user txid_current_if_assigned version
  hashint4 hashint8 hashtext gen_random_uuid setseed
  `
    .trim()
    .split(/\s+/),
);
