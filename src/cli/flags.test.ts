import { describe, expect, it } from 'vitest';
import type { Flags } from '../api/flags.js';
import { RUN_FLAGS } from '../api/run-flags.js';
import { spellOut } from './flags.js';

const OWN = [
  { name: 'skip-trx', type: 'boolean', default: false, summary: '' },
  { name: 'table-size', type: 'number', default: 1, summary: '' },
  { name: 'vacuum-all', type: 'boolean', default: false, summary: '', alias: 'v' },
  { name: 'threads', type: 'number', default: 1, summary: '' },
] as const;

const spelled = (line: string) => spellOut(line.split(' '), RUN_FLAGS, OWN).join(' ');

describe('spellOut', () => {
  it.each([
    ['-c8 -j 2', '--clients=8 --workers=2'],
    ['-rl', '--report-per-command=true --log=true'],
    ['-nrlc8 tpcb', '--no-vacuum=true --report-per-command=true --log=true --clients=8 tpcb'],
    ['-rlT 60', '--report-per-command=true --log=true --time=60'],
    ['-c=8', '--clients=8'],
    ['-f - -f -x', '--file=- --file= -x'],
    ['-fa.sql@2 -btpcb-like', '--file=a.sql@2 --builtin=tpcb-like'],
    [
      '-Msimple -R 100 -L5 -P 1 -s 3 -t9',
      '--protocol=simple --rate=100 --latency-limit=5 --progress=1 --scale=3 --transactions=9',
    ],
    [
      '-S -N -C -n -l -r',
      '--select-only=true --simple-update=true --connect=true --no-vacuum=true --log=true --report-per-command=true',
    ],
    ['-Dx=5 -D y=-1', '--define=x=5 --define=y=-1'],
    ['-h db -p 5 -U u -d x', '--host=db --port=5 --username=u --dbname=x'],
    ['--client 8 --jobs=2 --random-seed 5', '--clients=8 --workers=2 --seed=5'],
    ['--seed -1', '--seed=-1'],
    ['--label --probes off', '--label= --probes=off'],
    ['--threads=4', '--clients=4'],
    ['--num-threads=4 --max_time=5 --max-requests 6 --tx-rate=7', '--clients=4 --time=5 --events=6 --rate=7'],
    [
      '--histogram --verbosity=3 --progress-timestamp',
      '--histogram=true --verbosity=3 --progress-timestamp=true',
    ],
    ['--skip_trx oltp --table_size 10', '--skip-trx=true oltp --table-size=10'],
    ['--skip-trx off --skip-trx=0', '--skip-trx=off --skip-trx=0'],
    ['-v tpcb', '--vacuum-all=true tpcb'],
    ['--report_interval=5', '--progress=5'],
    ['-xc8 --unknown 3 -5 -', '-xc8 --unknown 3 -5 -'],
    ['tpcb -c', 'tpcb --clients='],
  ])('%s', (line, expected) => {
    expect(spelled(line)).toBe(expected);
  });

  it('names a letter that there is not among those that there are', () => {
    expect(() => spelled('run -S -rZ')).toThrow("There is no option -Z in '-rZ'.");
  });
});

describe('the options of run', () => {
  it('have no letter and no word twice', () => {
    const words = Object.entries<Flags[string]>(RUN_FLAGS).flatMap(([name, { alias, also = [] }]) => [
      name,
      ...also,
      ...(alias === undefined ? [] : [alias]),
    ]);
    expect(new Set(words).size).toBe(words.length);
  });

  it('have all the letters that users of pgbench type', () => {
    const letters = new Set(Object.values<Flags[string]>(RUN_FLAGS).map(({ alias }) => alias));
    expect([...'cjTtRLMPsfbDnlrSNChpUd'].filter((letter) => !letters.has(letter))).toEqual([]);
  });
});
