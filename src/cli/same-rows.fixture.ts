import type { Protocol } from '../plan/plan.js';

/**
 * Scripts in pgbench's language, which together use all of it. Each puts what it computed into the table
 * `seen (id serial, script text, found text)`, see {@link row}.
 */
export interface LanguageScript {
  readonly name: string;
  /** Those that it can run with; all when absent. */
  readonly protocols?: readonly Protocol[];
  /** In guillemets: a text, which needs quotes where it is put into the statement as it is. `{folder}`: a folder of the test. */
  readonly text: string;
  /** Further scripts beside it, and with what weight each runs. */
  readonly mix?: { readonly weight: number; readonly others: readonly WeightedText[] };
  /** Further words of the command line, which pgbench and pgha-bench both take. */
  readonly words?: readonly string[];
  /** How often it runs; 50 times when absent. */
  readonly times?: number;
}

export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

const SIMPLE: readonly Protocol[] = ['simple'];
const NOT_SIMPLE: readonly Protocol[] = ['extended', 'prepared'];

/** A statement that puts values into the table; each is a text then, whatever it was. */
function row(script: string, ...values: readonly string[]): string {
  const texts = values.map((value) => `cast(${value} as text)`).join(', ');
  return `insert into seen (script, found) values ('${script}', concat_ws(' ', ${texts}));`;
}

/** Sets a variable to each expression, then puts all of them into the table. */
function all(script: string, before: string, expressions: readonly string[]): string {
  const names = expressions.map((_, index) => `v${index}`);
  const lines = expressions.map((expression, index) => `\\set ${names[index]} ${expression}`);
  return [before, ...lines, row(script, ...names.map((name) => `:${name}`))].join('\n');
}

export const LANGUAGE_SCRIPTS: readonly LanguageScript[] = [
  {
    name: 'arithmetic',
    text: all('arithmetic', '\\set a random(-1000, 1000)\n\\set b random(1, 50)', [
      '1 + :a * :b - (:a - :b) / 7 % 5',
      '-:a + +:b - -3',
      ':a / :b',
      ':a % :b',
      '7.5 * :a / 4 - 1e3 + .5 + 2.',
      ':a / 3.0',
      ':a * 1.0 / :b - 1e-7',
      '9223372036854775807 - :b',
      '-9223372036854775808 + :b',
      '1234567890123 * :a - :b * 99999999999',
      '1e15 * :a + 0.1',
      '1e22 * :b',
    ]),
  },
  {
    name: 'bits',
    text: all('bits', '\\set a random(-1000, 1000)\n\\set b random(0, 40)', [
      '~:a',
      ':a & 255',
      ':a | :b',
      ':a # 12345678901234',
      ':a << :b',
      '9223372036854775807 >> :b',
      '-9223372036854775808 >> :b',
      '~:a & 255 | :b << 2 # 17 >> 1',
      '2.5 | 4',
    ]),
  },
  {
    name: 'logic',
    text: all('logic', '\\set a random(0, 3)\n\\set b random(0, 3)\n\\set n null', [
      ':a = :b',
      ':a <> :b',
      ':a != :b',
      ':a < :b',
      ':a <= :b',
      ':a > :b',
      ':a >= :b',
      ':a > 1 and :b > 1',
      ':a > 1 OR :b > 1',
      'not (:a > 1 or :b > 1) and not false',
      ':n is null',
      ':a is not null',
      ':n isnull',
      ':a notnull',
      '(:a > 1) is true',
      '(:a > 1) is not true',
      '(:a > 1) is false',
      '(:a > 1) is not false',
      'not (:n is true) and not (:n is false)',
      '(null and :a > 1) is null',
      ':a < 0 and 1 / 0 = 1',
      ':a >= 0 or 1 / 0 = 1',
      ':a = 1.0',
      '1 + :n is null',
    ]),
  },
  {
    name: 'case',
    text: all('case', '\\set a random(1, 30)', [
      'case when :a % 15 = 0 then 15 when :a % 5 = 0 then 5 when :a % 3 = 0 then 3 else :a end',
      '(case when :a > 15 then 1 end) is null',
      'case when :a < 10 then case when :a < 5 then 1.5 else 2 end when null then 3 else double(:a) end',
      'case when :a - 15 then 1 / (:a - 15) else 0 end',
      'Case When true Then :a > 3 Else null End',
    ]),
  },
  {
    name: 'mathematics',
    text: all('mathematics', '\\set a random(-100, 100)\n\\set b random(1, 1000)', [
      'abs(:a)',
      'abs(:a / 3.0)',
      'double(:a)',
      'int(:a / 2.0)',
      'int(2.5) + int(-3.5)',
      'exp(:a / 10.0)',
      'ln(:b)',
      'sqrt(:b)',
      'pow(:b, 3)',
      'power(:b, 0.37)',
      'pi()',
      'pi() * :a',
      'mod(:a, 7)',
      'greatest(:a, :b, 3)',
      'greatest(:a, 0.5)',
      'least(:a, 2.5, :b)',
      'least(:a)',
      'debug(:a + 1)',
      'Sqrt(exp(ln(:b))) + POW(2, -:b % 20)',
    ]),
  },
  {
    name: 'draws',
    text: all('draws', '', [
      'random(1, 100000)',
      'random(7, 7)',
      'random(-4611686018427387904, 4611686018427387902)',
      'random(0, 9223372036854775806)',
      'random_gaussian(1, 100000, 2.0)',
      'random_gaussian(-50, 50, 5.5)',
      'random_exponential(1, 100000, 2.5)',
      'random_exponential(1, 5000000000, 0.01)',
      'random_zipfian(1, 100000, 1.07)',
      'random_zipfian(1, 10, 4)',
      'random_zipfian(5, 5, 1.5)',
      'random(1, 6) + random(1, 6)',
      'random(1, 1 + random(0, 99))',
    ]),
  },
  {
    name: 'hashes',
    text: all('hashes', '\\set a random(-1000000, 1000000)\n\\set seed random(1, 9)', [
      'hash(:a)',
      'hash(:a, :seed)',
      'hash_murmur2(:a)',
      'hash_murmur2(:a, 5432)',
      'hash_fnv1a(:a)',
      'hash_fnv1a(:a, :seed)',
      'abs(hash(:a)) % 1000',
      'permute(:a, 1000)',
      'permute(abs(:a), 1000001, :seed)',
      'permute(:a, 9223372036854775797, 5432)',
      'permute(:a, 1)',
    ]),
  },
  {
    name: 'conditions',
    text: String.raw`\set a random(1, 12)
\if :a < 4
  \if :a = 1
${row('one', ':a')}
  \elif :a = 2
    \set b :a * 100 + random(1, 9)
${row('two', ':b')}
  \else
${row('three', ':a')}
  \endif
\elif :a < 7
${row('below seven', ':a')}
\elif null
${row('never', ':a')}
\else
  \if 0
    \set a 1 / 0
  \elif :a > 10 and :a <> 12
${row('eleven', ':a')}
  \endif
  \if 0.5
${row('above six', ':a')}
  \endif
\endif
\if :a > 6
\else
${row('at the end', ':a')}
\endif
`,
  },
  {
    name: 'gset',
    text: String.raw`\set i random(1, 100)
select cast(:i as int) + 1 as next, cast(:i as int) * 3 as triple, null as nothing \gset
select cast(:next as int) + 1 as next, 'a b' as words, 2.50 as half, true as yes
  from generate_series(1, 1)
\gset p_
\set sum :next + :p_next + :p_half
\if :p_yes
${row('gset', ':sum', ':next', ':p_next', ':triple', '«:p_words»', '«:nothing»', '«:p_half»')}
\endif
`,
  },
  {
    name: 'aset',
    text: String.raw`\set n random(0, 3)
\set last -1
select g as last, g * 2 as twice from generate_series(1, cast(:n as int)) as g \aset
select g as one from generate_series(1, 3) as g \aset of_
\set sum :last + :of_one
${row('aset', ':n', ':last', ':sum')}
`,
  },
  {
    name: 'compounds',
    protocols: SIMPLE,
    text: String.raw`\set n random(1, 5)
\set x_c -1
begin\; select 1 as a, 'x;y' as t\; select g as b from generate_series(1, :n) as g\; select 5 as c where :n > 3 \aset x_
${row('compound', ':n', "':x_t'", ':x_a', ':x_b', ':x_c').replace(/;$/, '\\;')} commit;
select 1 as d\; select 2 as d, :n as e \gset
${row('gset of a compound', ':d', ':e')}
`,
  },
  {
    name: 'pipelines',
    protocols: NOT_SIMPLE,
    text: String.raw`\set a random(1, 1000)
\startpipeline
begin;
${row('pipelined', ':a')}
\set b :a * 2 + random(1, 10)
\if :b > 1000
${row('large', ':b')}
\endif
end;
\endpipeline
${row('behind', ':a', ':b')}
\startpipeline
${row('alone', ':b')}
\endpipeline
`,
  },
  {
    name: 'shell',
    times: 8,
    text: String.raw`\set a random(1, 1000)
\setshell n expr 20 + :a
\shell echo ::a :n > {folder}/shell.txt
\setshell bytes wc -c < {folder}/shell.txt
\shell test :n -gt 20
${row('shell', ':a', ':n', ':bytes')}
`,
  },
  {
    name: 'sleeps',
    times: 5,
    text: String.raw`\set ms random(0, 3)
\sleep :ms ms
\sleep 100 us
\sleep 2ms
\sleep 0 s
\sleep 0
${row('slept', ':ms')}
`,
  },
  {
    name: 'automatic variables',
    words: ['-s', '7'],
    text: String.raw`\set hash hash(:scale)
\set sum :client_id + :scale + :random_seed
${row('automatic', ':client_id', ':scale', ':random_seed', ':default_seed', ':hash', ':sum')}
`,
  },
  {
    name: 'given variables',
    words: [
      'number=42',
      'half=-0.5',
      'flag=on',
      'no=of',
      'text=it is',
      'none=null',
      'scale=3',
      'i=0',
    ].flatMap((given) => ['-D', given]),
    text: String.raw`\set i :i + 1
\set sum :number + :half + :scale
\set both :flag and not :no
\set none :none is null
${row('given', ':i', ':number', ':half', ':sum', ':both', '«:text»', ':none', '«:flag»')}
`,
  },
  {
    name: 'a given default_seed',
    words: ['-D', 'default_seed=77'],
    text: all('a given default_seed', '\\set a random(1, 1000)', [
      'hash(:a)',
      'hash_fnv1a(:a)',
      'permute(:a, 1001)',
      ':default_seed + 1',
    ]),
  },
  {
    name: 'null',
    protocols: SIMPLE,
    text: String.raw`\set n null
\set m :n + 1
${row('null', 'coalesce(:n, 5)', ':m is null', "'(:n)'")}
`,
  },
  {
    name: 'text',
    text: String.raw`-- not sent; nor :nothing
\set a random(1, 9) \
  + 10 *   \
  random(1, 9)
/* ; */ ${row(
      'text',
      ':a',
      "$$a;b$$ || $x$ $$ ; $x$ || E'\\';' /* ; */ || 'it''s;'",
      '(array[1, 2])[1:2]',
    ).replace(';', ' -- ;\n;')}
create or replace function pg_temp.twice(a int) returns int begin atomic select 1; select a * 2; end;
${row('called', 'pg_temp.twice(cast(:a as int))')}
${row('ended by a command', ':a::int').replace(/;$/, '')} \set b :a
${row('last', ':b')}
`,
  },
  {
    name: 'blocks',
    text: String.raw`\set a random(1, 100)
begin;
${row('committed', ':a')}
end;
begin;
${row('rolled back', ':a')}
rollback;
${row('alone', ':a')}
`,
  },
  {
    name: 'weights',
    text: `\\set a random(1, 1000)\n\\set shared :shared + 1\n${row('first', ':a', ':shared')}`,
    words: ['-D', 'shared=0'],
    mix: {
      weight: 2,
      others: [
        { weight: 5, text: `\\set b random_zipfian(1, 1000, 1.2)\n${row('second', ':b', ':shared')}` },
        { weight: 0, text: row('never') },
        { weight: 1, text: `\\set shared -:shared\n${row('third', ':shared')}` },
      ],
    },
  },
  {
    name: 'weights with a given default_seed',
    text: row('first', ':client_id'),
    words: ['-D', 'default_seed=-5'],
    mix: { weight: 1, others: [{ weight: 1, text: row('second', ':default_seed') }] },
  },
];
