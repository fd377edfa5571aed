import { describe, expect, it } from 'vitest';
import type { LedgerMode, Protocol, ScriptOrigin } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import { compilePrograms } from './compile.js';
import { TOKEN_VARIABLE } from './ledger-steps.js';
import type { Statement, Step } from './program.js';

async function compiled(
  source: ScriptOrigin,
  ledger: LedgerMode,
  protocol: Protocol = 'prepared',
  route: Route = 'rw',
) {
  const context = { protocol, ledger, seed: 1, options: {}, variables: {} };
  const [program] = await compilePrograms([{ name: 'script', source, route }], context);
  if (program === undefined) {
    throw new Error('no program');
  }
  return program;
}

function text(script: string, ledger: LedgerMode = 'history', protocol: Protocol = 'prepared') {
  return compiled({ kind: 'text', text: script }, ledger, protocol);
}

/** What is sent in order, as a reader of the script sees it; `draw` where a token is drawn, and so on. */
function sent({ steps, statements }: { steps: readonly Step[]; statements: readonly Statement[] }): string[] {
  return steps.flatMap((step) => {
    switch (step.op) {
      case 'sql':
        return [written(statements[step.statement] as Statement)];
      case 'sql_of':
        return [`one of ${step.count}: ${written(statements[step.first] as Statement)}`];
      case 'compute': {
        const told: string[] = [];
        const tell = (what: string) => () => told.push(what);
        try {
          step.run({ ledger: { draw: tell('draw'), abort: tell('abort'), doubt: tell('doubt') } } as never);
        } catch {
          // A step of the script's own, which needs variables.
        }
        return told;
      }
      default:
        return [step.op];
    }
  });
}

/** Statements of pgbench's scripts keep their semicolon. */
function written({ text: sql, pieces }: Statement): string {
  const parts =
    pieces.length === 0 ? [sql] : pieces.map((piece) => (typeof piece === 'number' ? ':v' : piece));
  return parts.join('').replace(/;$/, '');
}

const HISTORY =
  'INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:t, :b, :a, :d, CURRENT_TIMESTAMP);';
const SET = String.raw`\set t 1
\set b 1
\set a 1
\set d 1
`;

describe('withLedger', () => {
  it('puts the token into the filler of pgbench_history, and changes nothing else', async () => {
    const program = await text(`${SET}BEGIN;\nUPDATE x SET y = 1;\n${HISTORY}\nEND;\n`);
    expect(sent(program)).toEqual(
      [
        'BEGIN',
        'UPDATE x SET y = 1',
        'draw',
        'INSERT INTO pgbench_history (tid, bid, aid, delta, mtime, filler) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP, $5)',
        'END',
      ].map((line) => line),
    );
    const insert = program.statements.find(({ text: sql }) => sql.includes('filler'));
    expect(insert?.parameters.at(-1)).toBe(program.slots.indexOf(TOKEN_VARIABLE));
    expect(program.tokens).toEqual({ history: true, rows: false });
  });

  it('does so in the text of the simple protocol', async () => {
    const program = await text(`${SET}${HISTORY}`, 'history', 'simple');
    expect(sent(program)).toEqual([
      'draw',
      "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime, filler) VALUES (:v, :v, :v, :v, CURRENT_TIMESTAMP, ':v')",
    ]);
  });

  it('leaves other values of the history as they are, and takes a row along', async () => {
    const values = HISTORY.slice(0, -1);
    for (const odd of [
      `${values}, (:t, :b, :a, :d, (now()));`,
      `${values} RETURNING (tid);`,
      `${values} /* ) */;`,
    ]) {
      const program = await text(`${SET}${odd}`);
      expect(sent(program)[1]).toMatch(
        /^WITH .* INSERT INTO pgbench_history \(tid, bid, aid, delta, mtime\)/,
      );
      expect(program.tokens).toEqual({ history: false, rows: true });
    }
    const nested = HISTORY.replace(':d', "least(:d, length(')('))");
    expect(sent(await text(`${SET}${nested}`))[1]).toMatch(/length\('\)\('\)\), CURRENT_TIMESTAMP, \$5\)$/);
  });

  it('lets the last statement of a block that can take the row along', async () => {
    const program = await text('BEGIN;\nUPDATE x SET y = 1;\nDELETE FROM x;\nSELECT 1;\nCOMMIT;', 'insert');
    expect(sent(program)).toEqual([
      'BEGIN',
      'UPDATE x SET y = 1',
      'draw',
      'WITH pgha_bench_token AS (INSERT INTO pgha_bench_ledger (token) VALUES ($1)) DELETE FROM x',
      'SELECT 1',
      'COMMIT',
    ]);
    expect(program.tokens).toEqual({ history: false, rows: true });
  });

  it('gives each commit a token of its own where nothing binds them together', async () => {
    const lines = sent(await text('UPDATE x SET y = 1;\nUPDATE x SET y = 2;', 'insert'));
    expect(lines.filter((line) => line === 'draw')).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('WITH'))).toHaveLength(2);
  });

  it('inserts before the commit what no statement of the block can carry', async () => {
    const program = await text('BEGIN;\nTRUNCATE x;\nCOMMIT;', 'insert');
    expect(sent(program)).toEqual([
      'BEGIN',
      'TRUNCATE x',
      'draw',
      'INSERT INTO pgha_bench_ledger (token) VALUES ($1)',
      'COMMIT',
    ]);
  });

  it('does not let carry what may be rolled back to a savepoint', async () => {
    const script = 'BEGIN;\nINSERT INTO x VALUES (1);\nSAVEPOINT s;\nUPDATE x SET y = 1;\nROLLBACK TO s;\n';
    expect(sent(await text(`${script}COMMIT;`, 'insert')).slice(-4)).toEqual([
      'ROLLBACK TO s',
      'draw',
      'INSERT INTO pgha_bench_ledger (token) VALUES ($1)',
      'COMMIT',
    ]);
    const behind = sent(await text(`${script}DELETE FROM x;\nCOMMIT;`, 'insert'));
    expect(behind.slice(-3, -1)).toEqual([
      'draw',
      'WITH pgha_bench_token AS (INSERT INTO pgha_bench_ledger (token) VALUES ($1)) DELETE FROM x',
    ]);
    expect(behind.filter((line) => line === 'draw')).toHaveLength(1);
  });

  it('takes a row where a part of the history may be rolled back', async () => {
    const program = await text(`${SET}BEGIN;\nSAVEPOINT s;\n${HISTORY}\nROLLBACK TO SAVEPOINT s;\nEND;`);
    expect(sent(program).slice(-3)).toEqual([
      'draw',
      'INSERT INTO pgha_bench_ledger (token) VALUES ($1)',
      'END',
    ]);
    expect(program.statements.some(({ text: sql }) => sql.includes('filler'))).toBe(false);
    expect(program.tokens).toEqual({ history: false, rows: true });
  });

  it('knows nothing of a transaction that is only prepared', async () => {
    const script = "BEGIN;\nUPDATE x SET y = 1;\nPREPARE TRANSACTION 'p';";
    expect(sent(await text(script, 'insert'))).not.toContain('draw');
    const winding = `\\set v 1\nBEGIN;\n\\if :v = 1\nUPDATE x SET y = 1;\n\\endif\nPREPARE TRANSACTION 'p';`;
    expect(sent(await text(winding, 'insert'))).not.toContain('draw');
    const history = `${SET}BEGIN;\n${HISTORY}\nPREPARE TRANSACTION 'p';`;
    expect(sent(await text(history))).not.toContain('draw');
  });

  it('settles behind a rollback what was drawn before it', async () => {
    const lines = sent(await text(`${SET}BEGIN;\n${HISTORY}\nROLLBACK;\nUPDATE x SET y = 1;`));
    expect(lines.slice(-3)).toEqual(['ROLLBACK', 'abort', 'UPDATE x SET y = 1']);
    const compound = sent(
      await text(`${SET}BEGIN;\n${HISTORY}\nROLLBACK\\; INSERT INTO x VALUES (1);`, 'history', 'simple'),
    );
    expect(compound.at(-1)).toBe('doubt');
  });

  it('doubts what was drawn before a rollback of a pipeline, for a Sync may have committed it', async () => {
    const script = `${SET}\\startpipeline\n${HISTORY}\n\\syncpipeline\nBEGIN;\nROLLBACK;\n\\endpipeline`;
    expect(sent(await text(script)).slice(-3)).toEqual(['ROLLBACK', 'doubt', 'pipeline']);
  });

  it('leads past what settles a rollback, and into it', async () => {
    const script = String.raw`\set v 1
BEGIN;
UPDATE x SET y = 1;
\if :v = 1
ROLLBACK;
\else
COMMIT;
\endif
SELECT 1;`;
    const { steps, statements } = await text(script, 'insert');
    const rollback = steps.findIndex(
      (step) => step.op === 'sql' && statements[step.statement]?.verb === 'rollback',
    );
    // ROLLBACK, what settles it, the jump to the end, and the token of the other arm.
    const branches = steps.flatMap((step) => (step.op === 'branch' ? [step.otherwise] : []));
    expect(branches).toEqual([rollback + 3]);
    expect(steps[rollback + 1]?.op).toBe('compute');
    expect(steps[rollback + 2]).toEqual({ op: 'jump', to: steps.length - 1 });
  });

  it('does not make a writer of a script that may only look up', async () => {
    for (const script of ['SELECT lookup(1);', 'BEGIN;\nSELECT lookup(1) FOR UPDATE;\nCOMMIT;']) {
      const program = await text(script, 'insert');
      expect(sent(program)).toEqual(sent(await text(script, 'off')));
      expect(program.tokens).toEqual({ history: false, rows: false });
    }
    const winding = '\\set v 1\nBEGIN;\n\\if :v = 1\nSELECT lookup(1);\n\\endif\nCOMMIT;';
    expect(sent(await text(winding, 'insert'))).not.toContain('draw');
    const among = await text('SELECT lookup(1);\nUPDATE x SET y = 1;', 'insert');
    expect(sent(among).slice(0, 2)).toEqual(['SELECT lookup(1)', 'draw']);
  });

  it('lets a query carry only where nothing else of the block can', async () => {
    const update = await text('BEGIN;\nUPDATE x SET y = 1;\nSELECT f(1);\nCOMMIT;', 'insert');
    expect(sent(update).slice(-2)).toEqual(['SELECT f(1)', 'COMMIT']);
    const truncate = await text('BEGIN;\nTRUNCATE x;\nSELECT f(1);\nCOMMIT;', 'insert');
    expect(sent(truncate).at(-2)).toMatch(/^WITH .* SELECT f\(1\)$/);
    const into = await text('BEGIN;\nSELECT 1 AS a INTO TEMP t;\nCOMMIT;', 'insert');
    expect(sent(into).at(-2)).toMatch(/^INSERT INTO pgha_bench_ledger/);
  });

  it('leaves alone what goes to a standby', async () => {
    const source = { kind: 'text', text: 'UPDATE x SET y = 1;' } as const;
    const program = await compiled(source, 'insert', 'prepared', 'ro');
    expect(sent(program)).toEqual(['UPDATE x SET y = 1']);
    expect(program.tokens).toEqual({ history: false, rows: false });
  });

  it('leaves a block alone that begins READ ONLY', async () => {
    const block =
      'BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY;\nSELECT f(1);\nINSERT INTO temp VALUES (1);\nCOMMIT;';
    expect(sent(await text(block, 'insert'))).not.toContain('draw');
    const other = sent(await text(`${block}\nBEGIN;\nUPDATE x SET y = 1;\nCOMMIT;`, 'insert'));
    expect(other.filter((line) => line === 'draw')).toHaveLength(1);
    const winding = `\\set v 1\n\\if :v = 1\n${block}\n\\endif`;
    expect(sent(await text(winding, 'insert'))).not.toContain('draw');
  });

  it('goes on with a block where a commit or a rollback begins the next', async () => {
    const script =
      'BEGIN;\nUPDATE x SET y = 1;\nCOMMIT AND CHAIN;\nSAVEPOINT s;\nUPDATE x SET y = 2;\nROLLBACK TO s;\nCOMMIT;';
    expect(sent(await text(script, 'insert')).slice(-2)).toEqual([
      'INSERT INTO pgha_bench_ledger (token) VALUES ($1)',
      'COMMIT',
    ]);
  });

  it('keeps conditions leading to where they led', async () => {
    const script = String.raw`\set v 1
BEGIN;
\if :v = 1
UPDATE x SET y = 1;
\else
UPDATE x SET y = 2;
\endif
COMMIT;`;
    const program = await text(script, 'insert');
    const commit = program.steps.findIndex(
      (step) => step.op === 'sql' && program.statements[step.statement]?.verb === 'commit',
    );
    const targets = program.steps.flatMap((step) => (step.op === 'jump' ? [step.to] : []));
    // Both arms lead to where the token is drawn, two steps before the commit.
    expect(targets).toEqual([commit - 2]);
    const commands = (await text(script, 'off')).commands.length;
    expect(program.commands).toHaveLength(commands);
    expect(program.commands.at(-1)?.step).toBe(commit - 2);
  });

  it('follows the tables of sysbench, and its rows', async () => {
    const event: ScriptOrigin = { kind: 'event', groups: ['begin', 'index_updates', 'commit'] };
    const context = { protocol: 'prepared', ledger: 'history', seed: 1, variables: {} } as const;
    const [program] = await compilePrograms([{ name: 'e', source: event }], {
      ...context,
      options: { tables: 3 },
    });
    expect(sent(program as never)).toEqual([
      'BEGIN',
      'draw',
      'one of 3: WITH pgha_bench_token AS (INSERT INTO pgha_bench_ledger (token) VALUES ($2)) UPDATE sbtest1 SET k=k+1 WHERE id=$1',
      'COMMIT',
    ]);
    const copies = program?.statements.filter(({ text: sql }) => sql.startsWith('WITH')) ?? [];
    expect(copies.map(({ text: sql }) => /sbtest\d/.exec(sql)?.[0])).toEqual([
      'sbtest1',
      'sbtest2',
      'sbtest3',
    ]);
    expect(copies.map(({ types }) => types)).toEqual([
      [20, 25],
      [20, 25],
      [20, 25],
    ]);
  });

  it('leaves alone what writes nothing, and everything where there is no ledger', async () => {
    const read = await text('SELECT 1;', 'insert');
    expect(sent(read)).toEqual(['SELECT 1']);
    expect(read.tokens).toEqual({ history: false, rows: false });
    expect(sent(await text('UPDATE x SET y = 1;', 'off'))).toEqual(['UPDATE x SET y = 1']);
  });
});
