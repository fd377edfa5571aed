import type { Plan } from '../plan/plan.js';
import { hostPort } from '../plan/target.js';

/** What is about to be run, in one line. */
export function describe(plan: Plan): string {
  const what = faultsInWords(plan);
  const { workload, clients, target } = plan;
  const ends = ['', endsInWords(plan).join(' or ')].join(' ').trimEnd();
  return `Running ${workload.name} with ${clients} ${clients === 1 ? 'client' : 'clients'}${ends} against ${hostPort(target.rw)}, ${what}.`;
}

function faultsInWords({ faults, rounds }: Plan): string {
  if (faults.length === 0) {
    return 'no fault';
  }
  const times = rounds === null ? '' : `, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;
  return `${faults.map(({ kind, atMs }) => `${kind} at ${atMs / 1000} s`).join(', ')}${times}`;
}

function endsInWords({ durationMs, transactions }: Plan): readonly string[] {
  const ends = durationMs === null ? [] : [`for ${durationMs / 1000} s`];
  if (transactions === null) {
    return ends;
  }
  const { count, per } = transactions;
  const who = per === 'client' ? 'each has' : 'all together have';
  return [...ends, `until ${who} done ${count} ${count === 1 ? 'transaction' : 'transactions'}`];
}
