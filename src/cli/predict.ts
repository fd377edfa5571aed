import { type Arguments, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { predictBy, renderPrediction, SCENARIOS } from '../api/predict.js';
import { OF_SETTINGS } from '../api/predict-words.js';
import { choice, parseSwitch } from '../plan/words.js';
import { FAULTS_FLAGS } from './faults.js';
import { terminalOf } from './terminal.js';
import { givenBy } from './words.js';

export const PREDICT_FLAGS: Flags = {
  profile: { group: 'Settings:', describe: 'stock, fast or safe: settings of a profile' },
  topology: { group: 'Settings:', describe: 'FILE that describes a cluster' },
  ...OF_SETTINGS,
  ...FAULTS_FLAGS,
  compare: { group: 'How:', describe: "other settings beside them: 'ttl=20 loop_wait=5', profile=fast" },
  parts: { isSwitch: true, group: 'How:', describe: 'what each is made of; of named faults always' },
  format: { group: 'How:', describe: 'terminal or json [terminal]' },
};

export const PREDICT_EPILOGUE = `Faults are those of 'pgha-bench faults', freeze-node:8s for one that lasts, and ${SCENARIOS.map(({ kind, summary }) => `${kind} (${summary})`).join(', ')}. Without options the settings are those of the target that is named, or else of the lab that is up.`;

/** `pgha-bench predict [FAULT..]`. @returns the exit code */
export async function predict(args: Arguments): Promise<number> {
  const { FAULT, ...others } = args;
  const faults = [FAULT ?? []].flat().map(String);
  const format = choice(once(args, 'format') ?? 'terminal', '--format', ['terminal', 'json'] as const);
  const parts = parseSwitch(once(args, 'parts') ?? (faults.length > 0 ? 'on' : 'off'), '--parts');
  const { base, candidate } = await predictBy(givenBy(others), faults);
  const terminal = terminalOf(process.stdout);
  process.stdout.write(renderPrediction(base, format, { candidate, parts, terminal }));
  return EXIT.ok;
}
