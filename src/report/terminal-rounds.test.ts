import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import type { FaultRecord, Result, RoundAnalysis } from '../result/result.js';
import { ROUND_SAMPLES, roundSample } from './round-samples.fixture.js';
import { renderTerminal } from './terminal.js';

const plainly = { columns: 80, color: false, unicode: true };

/** Lines without the margins, those that go on put behind the first. */
function entries(report: string): string[] {
  return report
    .replaceAll(/\n {11,}(?=\S)/g, ' ')
    .split('\n')
    .map((line) => line.trim().replaceAll(/ {2,}/g, ' '));
}

function reportOf(name: string): string[] {
  return entries(renderTerminal(roundSample(name), plainly));
}

/** The sample with the details of its only round changed. */
function told(name: string, details: Partial<RoundAnalysis>): Result {
  const result = roundSample(name);
  const rounds = result.analysis.rounds.map((round) => ({ ...round, ...details }));
  return { ...result, analysis: { ...result.analysis, rounds } };
}

/** As it is painted where it is bad, or good. */
function inRed(text: string): string {
  return `\u001b[31m\u001b[1m${text}`;
}

describe('the verdict', () => {
  it('stands above all sections, the worst in red', () => {
    const report = renderTerminal(roundSample('a crash that lost commits'), { ...plainly, color: true });
    const verdict = report.slice(0, report.indexOf('Kill-node'));
    expect(verdict).toContain(inRed('no writes for 5.18 s'));
    expect(verdict).toContain('no outage of reads seen');
    expect(verdict).toContain(inRed('3 of 41,212 acknowledged commits LOST'));
  });

  it.each([
    [
      'a split brain',
      /split brain for 413 ms · none of 41,212 .* lost · 6 commits that should not be there · 1 invariant broken/,
    ],
    ['six rounds', /no writes for 5\.18 s \(median, max 5\.30 s\) · 5 valid rounds/],
    ['a disturbed round', /^round invalid · no writes for/],
    ['a command that could not be undone', /lost commits not looked for · exec NOT UNDONE/],
    [
      'commits that could not be audited',
      /no writes for 19\.7 s, and not back by the end · whether commits are lost is not known/,
    ],
  ])('tells of: %s', (name, expected) => {
    const report = renderTerminal(roundSample(name), plainly);
    const [, , verdict = ''] = /(started.*)\n\n((?:.+\n)+)/.exec(report) ?? [];
    expect(verdict.trim().replaceAll('\n', ' · ')).toMatch(expected);
  });

  it('doubts figures of a generator that was overloaded', () => {
    const report = renderTerminal(roundSample('a split brain'), plainly);
    expect(report.slice(0, report.indexOf('Freeze-node'))).toContain(
      'Doubtful: The generator was overloaded',
    );
    expect(renderTerminal(roundSample('a crash that lost commits'), plainly)).not.toContain('Doubtful');
  });

  it('says in the verdict that the generator was the limit, with a fault and without', () => {
    for (const base of [roundSample('a crash that lost commits'), sampleOf('no fault').result]) {
      const capacity = {
        calibratedAt: '2025-11-01T12:00:00.000Z',
        tps: 52_000,
        share: 0.87,
        limited: true,
        missing: null,
      };
      const generator = { ...base.generator, capacity };
      const report = renderTerminal({ ...base, generator }, plainly);
      expect(report).toMatch(/^(.* · )?generator limited$/m);
      expect(report.replace(/\s+/g, ' ')).toContain(
        '87 % of what its workers can do, 52,000 tps (calibrated 2025-11-01)',
      );
      const calm = { ...generator, capacity: { ...capacity, share: 0.5, limited: false } };
      expect(renderTerminal({ ...base, generator: calm }, plainly)).not.toContain('generator limited');
    }
  });

  it('names the calibration that is not there only where the generator was busy', () => {
    const base = roundSample('a crash that lost commits');
    const missing =
      "This machine is not calibrated: 'pgha-bench calibrate' measures what its workers can do.";
    const capacity = { calibratedAt: null, tps: null, share: null, limited: false, missing };
    const said = (share: number) => {
      const threads = base.generator.threads.map((thread) => ({
        ...thread,
        cpuMs: share * base.run.elapsedMs,
      }));
      return renderTerminal({ ...base, generator: { ...base.generator, threads, capacity } }, plainly);
    };
    expect(base.generator.threads).not.toEqual([]);
    expect(said(0.7)).toContain('pgha-bench calibrate');
    expect(said(0.3)).not.toContain('pgha-bench calibrate');
  });
});

describe('a round', () => {
  it('shows its steps with what the settings predict, and marks what they do not', () => {
    const report = reportOf('a crash that lost commits');
    expect(report).toContain('leader key gone +1.100 s 1.10 s 20.0 – 32.0 s ! ≤ 4 ms etcd');
    expect(report).toContain('leader key taken +1.931 s 831 ms ≤ 2.00 s ≤ 4 ms etcd');
    expect(report).toContain('HAProxy has it up +4.567 s – ≤ 6.00 s ≤ 100 ms haproxy');
    expect(report).toContain('first commit +5.478 s 880 ms ≤ 20 ms load');
    expect(report).toContain('! not what the settings of the cluster predict');
    expect(report.join(' ')).toContain('not seen: promoted (n2 was not asked between its start');
    expect(report.join(' ')).toContain('HAProxy took 2.46 s of the 5.17 s to see the new leader; a shorter');
  });

  it('does not mark what lies within by what is known of both ends', () => {
    const stages = [
      {
        kind: 'leader_key_gone',
        atMs: 21_000,
        tookMs: 1000,
        uncertaintyMs: 300,
        source: 'patroni',
        missing: null,
        predicted: null,
      },
      {
        kind: 'promoted',
        atMs: 22_000,
        tookMs: 1000,
        uncertaintyMs: 200,
        source: 'patroni',
        missing: null,
        predicted: { minMs: 1300, maxMs: 1400 },
      },
      {
        kind: 'proxy_up',
        atMs: 23_000,
        tookMs: 1000,
        uncertaintyMs: 200,
        source: 'haproxy',
        missing: null,
        predicted: { minMs: 0, maxMs: 800 },
      },
    ] as const;
    expect(renderTerminal(told('a split brain', { stages }), plainly)).not.toContain('!');
    const nearer = stages.map((stage) => ({ ...stage, uncertaintyMs: 199 }));
    const report = renderTerminal(told('a split brain', { stages: nearer }), plainly);
    expect(report.match(/ !\s/g)).toHaveLength(3);
  });

  it('tells steps that were not seen for one reason together', () => {
    const report = reportOf('a disturbed round');
    expect(report).toContain('not seen: leader key gone, leader key taken (etcd was not watched)');
  });

  it('says whether the prediction held, and of what it is made where it did not', () => {
    const report = reportOf('a crash that lost commits');
    expect(report.join(' ')).toContain(
      'predicted 20.0 s to 33.5 s: the settings do not explain it the lease ends: 20.0 s to 32.0 s (patroni.ttl, patroni.loop_wait)',
    );
    expect(reportOf('a split brain')).toContain('predicted 3.10 s to 9.00 s by the settings: it held');
    const unbounded = told('a split brain', {
      prediction: { minMs: 0, maxMs: null, parts: [], holds: true },
    });
    expect(renderTerminal(unbounded, plainly)).not.toContain('by the settings');
  });

  it('says which setting it takes to predict it, where that is not known', () => {
    const unpredicted = 'haproxy.inter is not known';
    const report = renderTerminal(told('a split brain', { prediction: null, unpredicted }), plainly);
    expect(entries(report)).toContain('predicted not known: haproxy.inter is not known');
    const none = renderTerminal(told('a split brain', { prediction: null, unpredicted: null }), plainly);
    expect(none).not.toMatch(/^ {2}predicted /m);
  });

  it('names a pause of the generator of more than 20 ms beside the figure', () => {
    expect(reportOf('a crash that lost commits').join(' ')).toContain(
      'the generator itself stood still for 43.2 ms of it',
    );
    const [{ writeDowntime }] = roundSample('a split brain').analysis.rounds as [RoundAnalysis];
    const write = { ...(writeDowntime as NonNullable<typeof writeDowntime>), stallMs: 20 };
    const stood = (part: Partial<RoundAnalysis>) =>
      renderTerminal(told('a split brain', { writeDowntime: write, ...part }), plainly).split('stood still')
        .length - 1;
    const long = { ...write, stallMs: 20.1 };
    expect(stood({})).toBe(0);
    expect(stood({ writeDowntime: long })).toBe(1);
    expect(stood({ writeDowntime: { ...long, toMs: null } })).toBe(1);
    expect(stood({ readDowntime: long })).toBe(1);
    expect(stood({ readDowntime: { ...long, outage: false } })).toBe(0);
    const rw = { ...long, durationMs: 3 * long.durationMs };
    expect(stood({ writeDowntime: long, newConnections: { rw, ro: null } })).toBe(2);
  });

  it('tells of new connections where they differ from the rest', () => {
    const [round] = roundSample('a split brain').analysis.rounds as [RoundAnalysis];
    const write = round.writeDowntime as NonNullable<RoundAnalysis['writeDowntime']>;
    const differs = (part: Partial<typeof write>) =>
      renderTerminal(
        told('a split brain', { newConnections: { rw: { ...write, ...part }, ro: null } }),
        plainly,
      );
    expect(differs({})).not.toContain('new connections ');
    expect(differs({ durationMs: write.durationMs + write.resolutionMs - 1 })).not.toContain(
      'new connections ',
    );
    expect(differs({ durationMs: write.durationMs + 900, toMs: (write.toMs ?? 0) + 900 })).toContain(
      'new connections 6.08 s from 20.312 s to 26.387 s, on the read-write port',
    );
    expect(differs({ toMs: null })).toContain('new connections 5.18 s and not over');
  });

  it('tells an outage that the next fault cut from one that the end of the run did', () => {
    const sample = roundSample('a split brain');
    const [round] = sample.analysis.rounds as [RoundAnalysis];
    const [fault] = sample.faults as [FaultRecord];
    const write = round.writeDowntime as NonNullable<RoundAnalysis['writeDowntime']>;
    const cut = { ...round, writeDowntime: { ...write, toMs: null } };
    const reportWith = (askedAtMs: number, rounds: RoundAnalysis[]) =>
      renderTerminal(
        {
          ...sample,
          faults: [fault, { ...fault, askedAtMs, round: 2 }],
          analysis: { ...sample.analysis, rounds },
        },
        plainly,
      );
    const nextMs = write.fromMs + write.durationMs;
    const next = reportWith(nextMs, [cut, { ...round, fault: 1 }]);
    expect(next).toMatch(/write downtime +5\.18 s and not over when the next fault came/);
    expect(reportWith(nextMs, [cut])).toContain('no writes for 5.18 s, and not back by the next fault');
    expect(reportWith(nextMs - 100, [cut])).toContain('and not over when the run ended');
  });

  it('tells how throughput and connections came back', () => {
    expect(reportOf('a crash that lost commits')).toContain(
      'throughput back at 50 % after 6.00 s, 90 % after 7.00 s, never at 99 %',
    );
    expect(reportOf('a crash that lost commits')).toContain(
      'connections new ones commit after 5.48 s, no old one survived',
    );
    expect(reportOf('a split brain')).toContain(
      'connections new ones commit after 5.48 s, old ones after 31.2 s',
    );
  });

  it('tells of the first and the last error, where there were any', () => {
    expect(reportOf('a crash that lost commits')).toContain('errors first +309 ms, last +7.21 s');
    const recovery = { ...(roundSample('a split brain').analysis.rounds[0] as RoundAnalysis).recovery };
    const none = told('a split brain', { recovery: { ...recovery, firstErrorMs: null, lastErrorMs: null } });
    expect(renderTerminal(none, plainly)).not.toMatch(/^ {2}errors /m);
  });

  it('does not say of old connections that none survived where they were not away, or not back', () => {
    const [round] = roundSample('a crash that lost commits').analysis.rounds as [RoundAnalysis];
    const write = round.writeDowntime as NonNullable<RoundAnalysis['writeDowntime']>;
    for (const writeDowntime of [null, { ...write, outage: false }, { ...write, toMs: null }]) {
      const base = roundSample('a crash that lost commits');
      const rounds = [{ ...round, writeDowntime }];
      const report = renderTerminal({ ...base, analysis: { ...base.analysis, rounds } }, plainly);
      expect(entries(report)).toContain('connections new ones commit after 5.48 s');
      expect(report).not.toContain('survived');
    }
  });

  it('says that there was no split brain only where one would have been seen', () => {
    expect(reportOf('a crash that lost commits')).toContain(
      'split brain none seen, with a writer on each node',
    );
    const base = roundSample('a crash that lost commits');
    const roles = 'none seen, no two nodes said that they were writable, in looks every 0.2 to 1 s';
    const polled = { ...base, plan: { ...base.plan, directWrites: false } };
    const rendered = (result: Result) => entries(renderTerminal(result, plainly)).join(' ');
    expect(rendered(polled)).toContain(roles);
    // Writers were asked for, and wrote nothing.
    expect(rendered({ ...base, directWrites: [] })).toContain(roles);
    const told = (observed: Partial<Result['observed']>, events: Result['events'] = []) =>
      rendered({ ...polled, observed: { ...base.observed, ...observed }, events });
    expect(told({ observers: [] })).not.toContain('split brain');
    const [one, two] = base.observed.series.filter(({ name }) => name === 'wal_lsn');
    expect(told({ series: one === undefined ? [] : [one] })).not.toContain('split brain');
    const mute = two === undefined ? [] : [{ ...two, values: [null, null, null] }];
    expect(told({ series: [...(one === undefined ? [] : [one]), ...mute] })).not.toContain('split brain');
    const role = (subject: string) =>
      ({
        ...(base.events[0] as Result['events'][number]),
        layer: 'postgres',
        kind: 'role',
        subject,
      }) as const;
    expect(told({ series: [] }, [role('n1'), role('n2')])).toContain(roles);
    expect(told({ series: [] }, [role('n1'), role('n1')])).not.toContain('split brain');
  });

  it('tells a split brain with its length and what the loser acknowledged, in red', () => {
    const report = reportOf('a split brain').join(' ');
    expect(report).toContain(
      'split brain for 413 ms n1 took writes beside n2 37 writes acknowledged by n1 in that time',
    );
    const colored = renderTerminal(roundSample('a split brain'), { ...plainly, color: true });
    expect(colored).toContain(inRed('37 writes acknowledged by n1'));
    const splitBrain = roundSample('a split brain').analysis.rounds[0]?.splitBrain ?? null;
    const roles = told('a split brain', { splitBrain: splitBrain && { ...splitBrain, evidence: 'roles' } });
    expect(renderTerminal(roles, plainly)).not.toContain('37 writes');
  });

  it('tells how old reads were before, during and after', () => {
    const report = reportOf('a crash that lost commits').join(' ');
    expect(report).toContain('during p99 5.02 s, max 5.18 s, 388 of 410 stale, 12 went back');
    expect(report).toContain('after p99 22.0 ms, max 60.0 ms, 31 of 602 stale ');
    expect(renderTerminal(roundSample('no ledger'), plainly)).not.toContain('  age of reads');
  });

  it('is ASCII where nothing else is shown, whatever signs its sentences have', () => {
    const dominated = 'ttl − loop_wait … ttl, ± 4 µs – ≥ 20 s × 2 · ≤ 3 → n2';
    const report = renderTerminal(told('a split brain', { dominated }), { ...plainly, unicode: false });
    expect(report).toContain('ttl - loop_wait ~ ttl, ~ 4 us - > 20 s x 2 , < 3 > n2');
  });

  it('says in its title why it is invalid', () => {
    const report = renderTerminal(roundSample('a disturbed round'), plainly);
    expect(report).toContain(
      '\nSwitchover n1 at 20.003 s\n  invalid: n3 was restarted by something else 2.1 s',
    );
  });
});

describe('a fault', () => {
  it('that prepared the one of the round stands before it, in the same section', () => {
    const report = renderTerminal(roundSample('a crash that lost commits'), plainly);
    expect(report.match(/^(Kill|Cut)\S* n1.*$/gm)).toEqual(['Kill-node n1 at 20.003 s']);
    expect(report.indexOf('\n  cut-replication n1\n')).toBeGreaterThan(report.indexOf('Kill-node n1 at'));
    expect(report.indexOf('\n  kill-node n1\n')).toBeGreaterThan(report.indexOf('\n  cut-replication n1\n'));
    expect(entries(report)).toContain('healthy again +18.009 s');
    expect(entries(report)).toContain('undone +13.209 s started etcd and patroni of n1 again');
    expect(entries(report).join(' ')).toContain('n1 led etcd, too');
  });

  it('of another round is not told in this one', () => {
    const base = roundSample('a crash that lost commits');
    const [cut, kill] = base.faults as [FaultRecord, FaultRecord];
    const report = renderTerminal({ ...base, faults: [{ ...cut, round: 2 }, kill] }, plainly);
    expect(report).not.toContain('  cut-replication n1');
    expect(report).not.toContain('\n  kill-node n1\n');
  });

  it('that was a command shows its exit code and the end of what it printed', () => {
    expect(reportOf('a command').join(' ')).toContain('command exit code 0 qdisc noqueue 0: root refcnt 2 ');
    const report = reportOf('a command that could not be undone').join(' ');
    expect(report).toContain('command exit code 3, the last of 20 lines line 17 of what it had to say');
    expect(report).not.toContain('line 16 of');
  });

  it('that could not be undone says so in red, and that the cluster was not seen healthy', () => {
    const report = renderTerminal(roundSample('a command that could not be undone'), {
      ...plainly,
      color: true,
    });
    expect(report).toContain(inRed('iptables: Bad rule'));
    expect(reportOf('a command that could not be undone')).toContain('healthy again not seen');
  });
});

describe('many rounds', () => {
  const report = renderTerminal(roundSample('six rounds'), plainly);

  it('are told as what they have in common first', () => {
    expect(report).toContain('\nSwitchover, 6 rounds, 1 of them invalid and left out\n');
    expect(entries(report)).toContain('write downtime 5 5.09 s 5.18 s 5.30 s 5.09 s to 5.30 s');
    expect(entries(report)).toContain('steady after 4 6.10 s 7.24 s 9.31 s too few rounds');
    expect(report.indexOf('Switchover, 6')).toBeLessThan(report.indexOf('\nRounds\n'));
  });

  it('have one line each, and no section', () => {
    const rows = report.slice(report.indexOf('\nRounds'), report.indexOf('\nCommits')).split('\n');
    const numbers = rows.flatMap((row) => /^ +(\d) +[\d.]+ s {2}switchover n[12] /.exec(row)?.[1] ?? []);
    expect(numbers).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(report).not.toMatch(/Switchover n\d/);
    expect(rows.join('\n')).toMatch(
      / 2 .* stalled\n.* 3 .*\n.* 4 .* invalid\n {9}n3 was restarted by something/,
    );
    expect(report).toContain('All of each round is in result.json');
  });

  it('are drawn in one lane', () => {
    expect(report.match(/^ no writes/gm)).toHaveLength(1);
    expect(report.match(/━+/g)?.length).toBeGreaterThanOrEqual(6);
  });

  it('up to three have their sections', () => {
    const base = roundSample('six rounds');
    const few = { ...base, analysis: { ...base.analysis, rounds: base.analysis.rounds.slice(0, 3) } };
    const short = renderTerminal(few, plainly);
    expect(short.match(/^Switchover n\d \(\d of 3\) at/gm)).toHaveLength(3);
    expect(short.indexOf('Switchover, 6 rounds')).toBeLessThan(short.indexOf('Switchover n1'));
    expect(short).not.toContain('\nRounds\n');
  });
});

describe('the list of events', () => {
  it('has who took a key that nobody held, and not what was found at the first look', () => {
    const base = roundSample('a split brain');
    const at = (kind: string, text: string) =>
      ({
        atMs: 20_500,
        uncertaintyMs: 0,
        layer: 'etcd',
        kind,
        subject: '',
        from: null,
        to: 'n2',
        text,
      }) as const;
    const events = [
      at('leader_key_taken', 'n2 has taken the leader key'),
      at('failover_key', 'ordered: leave n1, to n2'),
      at('leader_key', 'n1 holds the leader key'),
    ];
    const report = entries(renderTerminal({ ...base, events }, plainly)).join('\n');
    expect(report).toContain('etcd n2 has taken the leader key');
    expect(report).toContain('etcd ordered: leave n1, to n2');
    expect(report).not.toContain('n1 holds');
  });
});

describe('commits', () => {
  it('that are lost are counted, dated and measured in WAL', () => {
    const report = reportOf('a crash that lost commits').join('\n');
    expect(report).toContain('acknowledged 41,212: 3 LOST, 41,209 present 5 of them with the warning');
    expect(report).toContain('lost 3 acknowledged by n1 from 20.298 s to 20.311 s (12.5 ms)');
    expect(report).toContain('(12.5 ms) at least 12 kB of WAL behind 3/42E8508, the end of timeline 1');
    expect(report).toContain('timeline 1 all are listed in lost-commits.tsv');
    expect(report).toContain('n3 does not hold the same, 8 acknowledged commits fewer');
  });

  it('that are all there say so in green', () => {
    const report = renderTerminal(roundSample('a command'), { ...plainly, color: true });
    expect(report).toContain('41,212: \u001b[32m\u001b[1m0 lost');
    expect(reportOf('a command')).toContain('in doubt 64: 51 committed, 13 not');
    expect(reportOf('a command')).toContain('anomalies no ghosts, no duplicates, none of unknown origin');
    expect(reportOf('a command')).toContain('invariants 2 of 2 hold');
    expect(reportOf('a command')).toContain('replicas n1, n3 hold the same');
  });

  it('that should not be there, and broken invariants, are red', () => {
    const report = renderTerminal(roundSample('a split brain'), { ...plainly, color: true });
    for (const text of [
      '1 told to have been aborted',
      '2 there more than once',
      '3 there, and of no client',
      'broken: sum of',
    ]) {
      expect(report).toContain(inRed(`${text}`));
    }
    expect(reportOf('a split brain').join(' ')).toContain('missing n3 was not asked: connect ECONNREFUSED');
  });

  it('that were not audited say why', () => {
    const report = reportOf('commits that could not be audited').join('\n');
    expect(report).toContain('acknowledged not audited: whether commits are lost is not known');
    expect(report).toContain('missing No write was acknowledged within 30 s');
    expect(renderTerminal(roundSample('no ledger'), plainly)).toContain(
      'Commits were not audited (--ledger off): lost ones would not be seen.',
    );
    const quiet = { ...roundSample('no ledger'), faults: [] };
    expect(renderTerminal(quiet, plainly)).not.toContain('Commits');
  });
});

describe('the measurement', () => {
  it('names what was not watched with what it would have shown, and clocks that are off', () => {
    const report = reportOf('a crash that lost commits').join('\n');
    expect(report).toContain('not watched etcd: would have shown when the leader key went');
    expect(report).toContain('clocks 127.0.1.2 is 31.4 ms behind this one (± 1.10 ms)');
    expect(report).not.toContain('127.0.1.1 is');
    expect(report).toContain('CPU of a core: main 5 %, worker 1 28 %, worker 2 28 %; longest delay 43.2 ms');
  });

  it('is told at the top where the ledger, rounds or direct writers are not as usual', () => {
    const title = (name: string) => renderTerminal(roundSample(name), plainly).split('─')[0];
    expect(title('a crash that lost commits')).toContain(
      'a ledger row per transaction · a writer on each node',
    );
    expect(title('six rounds')).toContain('2 min 30 s · 6 rounds'.replace('2 min 30 s', '3 min'));
    expect(title('no ledger')).not.toMatch(/ledger|round|writer/);
  });
});

/** Words of our own, and what is not shown as text. */
const OURS = new Set(['evidence', 'mode', 'unit', 'layer', 'route', 'file', 'status', 'startedAt', 'host']);

/** Every text below that a server, a file or a user could have put there. */
function infected(value: unknown, name = ''): unknown {
  if (typeof value === 'string' && !OURS.has(name)) {
    return 'a\u001b[2Jb\u0007\n\u009b31mc\u202ed';
  }
  if (Array.isArray(value)) {
    return value.map((each) => infected(each, name));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      name === 'stages' && key === 'kind' ? each : infected(each, key),
    ]),
  );
}

describe.each(Object.entries(ROUND_SAMPLES))('what came from outside, in: %s', (_, make) => {
  it('has no power over the terminal', () => {
    const base = make();
    const bad = (part: 'faults' | 'commits' | 'observed' | 'generator' | 'analysis') =>
      infected(base[part], part);
    const result = {
      ...base,
      faults: bad('faults'),
      commits: bad('commits'),
      observed: bad('observed'),
      generator: bad('generator'),
      analysis: { ...(bad('analysis') as object), rounds: roundsOf(base) },
    } as Result;
    const report = renderTerminal(result, plainly);
    expect(report.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(report).not.toContain('\nb');
  });
});

function roundsOf({ analysis }: Result): unknown {
  return analysis.rounds.map((round) => ({
    ...(infected(round) as RoundAnalysis),
    writeDowntime: round.writeDowntime,
    readDowntime: round.readDowntime,
  }));
}
