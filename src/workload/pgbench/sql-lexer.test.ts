import { expect, test } from 'vitest';
import { ScriptError } from './script-error.js';
import { scanSql } from './sql-lexer.js';

/** Texts of all statements of a script without meta commands. */
function statements(text: string): string[] {
  const source = { name: 't.sql', text };
  const found: string[] = [];
  let offset = 0;
  for (;;) {
    const { sql, end, stop } = scanSql(source, offset);
    if (sql !== undefined) {
      found.push(sql.text);
    }
    if (stop !== 'semicolon') {
      return found;
    }
    offset = end;
  }
}

test.each([
  ['select 1; select 2;', ['select 1;', 'select 2;']],
  ['select 1', ['select 1']],
  ['  \n-- only a comment\n  ', []],
  ['-- before\n select 1; -- behind\n', ['select 1;']],
  ['select 1 -- within ; it\n, 2;', ['select 1 -- within ; it\n, 2;']],
  ['/* ; */ select /* ; /* ; */ ; */ 1;', ['/* ; */ select /* ; /* ; */ ; */ 1;']],
  ['select 1; /* alone */', ['select 1;', '/* alone */']],
  [';;', [';', ';']],
  ["select ';', ';;'';', \";\"; x;", ["select ';', ';;'';', \";\";", 'x;']],
  ["select '\\'; select 2;", ["select '\\';", 'select 2;']],
  ["select E'\\';'; select 2;", ["select E'\\';';", 'select 2;']],
  ["select namee'\\'; select 2;", ["select namee'\\';", 'select 2;']],
  ["select E'a'\n  -- c ; '\n '\\';'; x;", ["select E'a'\n  -- c ; '\n '\\';';", 'x;']],
  ["select E'a'  '\\'; x;", ["select E'a'  '\\';", 'x;']],
  ["select U&'\\'; x;", ["select U&'\\';", 'x;']],
  ['select $$;$$, $a$;$$;$b$;$a$; x;', ['select $$;$$, $a$;$$;$b$;$a$;', 'x;']],
  ['select a$b$c; select $1; x$;$y;', ['select a$b$c;', 'select $1;', 'x$;', '$y;']],
  ['select (1; 2); x;', ['select (1; 2);', 'x;']],
  ['select 1); x;', ['select 1);', 'x;']],
  ['a\\;b\\;\nc; d;', ['a;b;\nc;', 'd;']],
  ['select a\\:b;', ['select a:b;']],
  [
    'create or replace function f() returns int begin atomic select 1; select case when true then 1 end; end; x;',
    [
      'create or replace function f() returns int begin atomic select 1; select case when true then 1 end; end;',
      'x;',
    ],
  ],
  [
    'CREATE PROCEDURE p() BEGIN ATOMIC insert into t values (1); END; x;',
    ['CREATE PROCEDURE p() BEGIN ATOMIC insert into t values (1); END;', 'x;'],
  ],
  ['create table begin; end; x;', ['create table begin;', 'end;', 'x;']],
  ['begin; end;', ['begin;', 'end;']],
  ['select a-- b\n; x;', ['select a-- b\n;', 'x;']],
  ['select 1 */* ; */ 2;', ['select 1 */* ; */ 2;']],
  ['select größe; x;', ['select größe;', 'x;']],
])('%s', (text, expected) => {
  expect(statements(text)).toEqual(expected);
});

test.each([
  ["select 'a;\n", 'this string is not closed', 1, 8],
  ['select 1;\n  select "a;', 'this quoted identifier is not closed', 2, 10],
  ['select $x$ $y$;', 'this string is not closed by another $x$', 1, 8],
  ['/* /* */ select 1;', 'this comment is not closed', 1, 1],
  ['select (1;\nselect 2;', 'this parenthesis is not closed before the end of the script', 1, 8],
  ['select (1 \\gset\n', 'this parenthesis is not closed before the meta command', 1, 8],
  ["select E'\\", 'this string is not closed', 1, 9],
])('%s is refused: %s', (text, problem, line, column) => {
  const error = thrown(() => statements(text));
  expect(error).toBeInstanceOf(ScriptError);
  expect(error).toMatchObject({ line, column });
  expect(String(error)).toContain(problem);
});

test('long runs of comments and quotes that lead nowhere are read in no time', () => {
  const text = `select 'a' ${'-- -- -- -- '.repeat(5000)}\n${' \n-- x'.repeat(5000)}`;
  expect(statements(text)).toHaveLength(1);
  expect(() => statements('('.repeat(100_000))).toThrow(ScriptError);
});

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
