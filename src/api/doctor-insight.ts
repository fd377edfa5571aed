import type { Insight } from '../doctor/live.js';
import type { Lab } from '../lab/lab.js';
import { alive } from '../lab/process.js';
import { readProcesses } from '../lab/state.js';

/** What the tool knows of a lab since it has started it. */
export async function labInsight(lab: Lab): Promise<Insight> {
  const { user, password } = lab.superuser;
  const recorded = await readProcesses(lab.directory);
  const running = await alive(recorded.filter(({ component }) => component === 'haproxy'));
  return {
    checks: lab.settings,
    haproxyPids: { value: running.map(({ pid }) => pid) },
    inspector: { user, password, database: lab.target.rw.database },
    dataDirectories: Object.fromEntries(lab.nodes.map(({ name, dataDirectory }) => [name, dataDirectory])),
  };
}
