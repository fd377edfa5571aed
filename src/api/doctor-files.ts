import { stat } from 'node:fs/promises';
import { joinAlike } from '../doctor/files/alike.js';
import { FILE_CHECKS } from '../doctor/files/checks.js';
import { gatherFiles } from '../doctor/files/gather.js';
import { type Diagnosis, diagnose } from '../doctor/finding.js';
import { UserError } from '../errors.js';
import { type Arguments, each, once } from './arguments.js';
import type { CheckDescription } from './doctor.js';
import type { Flags } from './flags.js';
import { TARGET_FLAGS } from './target-flags.js';
import { refuseUnknown } from './unknown-option.js';

/** What {@link diagnoseFiles} is told: paths, several of a kind for several hosts, which are compared with each other. */
export interface DiagnoseFilesOptions {
  /** patroni.yml of members. */
  readonly patroni?: readonly string[];
  /** etcd's environment files or YAML configurations. */
  readonly etcd?: readonly string[];
  readonly haproxy?: readonly string[];
  /** Units of systemd. */
  readonly units?: readonly string[];
  /**
   * Directory that stands for the root of the host that files are of, for what they name and what it starts. When absent,
   * this machine is looked at where a file is of its address.
   */
  readonly root?: string;
}

const FILES = 'Files instead of a target, one for each host:';

/** Options of `doctor` for files, in the order of its help. */
export const FILE_FLAGS = {
  config: { group: FILES, describe: 'patroni.yml of a member' },
  'etcd-env': { group: FILES, describe: "etcd's environment file, or its YAML" },
  'haproxy-config': { group: FILES, describe: 'haproxy.cfg; --haproxy FILE, too' },
  unit: { group: FILES, describe: 'unit of systemd' },
  root: { group: FILES, describe: 'directory that stands for the root of their host' },
} as const satisfies Flags;

/** All checks of files, in the order of the layers. */
export function listFileChecks(): readonly CheckDescription[] {
  return FILE_CHECKS.map(({ id, layer, about }) => ({ id, layer, about }));
}

/**
 * The files that the options name; null where they name none, and a running target is meant.
 * @throws UserError where they name both
 */
export async function givenFiles(args: Arguments): Promise<DiagnoseFilesOptions | null> {
  const [patroni, etcd, configs, units] = (['config', 'etcd-env', 'haproxy-config', 'unit'] as const).map(
    (name) => each(args, name),
  );
  const haproxy = each(args, 'haproxy');
  const areFiles = haproxy.length > 0 && (await Promise.all(haproxy.map(isFile))).every(Boolean);
  const named = Object.keys(FILE_FLAGS).find((name) => args[name] !== undefined);
  if (named === undefined && !areFiles) {
    return null;
  }
  const others = Object.keys(TARGET_FLAGS).filter((name) => name !== 'haproxy' || !areFiles);
  const live = [...others, 'clients', 'write-probe'].find((name) => args[name] !== undefined);
  if (live !== undefined) {
    throw live === 'haproxy'
      ? new UserError(
          `--haproxy: expected a file beside --${named}, and there is none of the name ${haproxy.join(', ')}.`,
        )
      : new UserError(
          `Expected files or a running target, found both: --${named ?? 'haproxy'} and --${live}.`,
          'Ask the doctor for each by itself.',
        );
  }
  const root = once(args, 'root');
  return {
    patroni: patroni ?? [],
    etcd: etcd ?? [],
    haproxy: [...haproxy, ...(configs ?? [])],
    units: units ?? [],
    ...(root === undefined ? {} : { root }),
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Checks configuration that need not be running. Nothing is connected to, and nothing is written.
 * @throws UserError for a file that cannot be read or is of another kind, and where there is none
 */
export async function diagnoseFiles(options: DiagnoseFilesOptions): Promise<Diagnosis> {
  refuseUnknown('diagnoseFiles', options, ['patroni', 'etcd', 'haproxy', 'units', 'root']);
  const { patroni = [], etcd = [], haproxy = [], units = [], root } = options;
  const all = [...patroni, ...etcd, ...haproxy, ...units];
  if (all.length === 0) {
    throw new UserError(
      'Expected files to check, found none.',
      'Give --config patroni.yml, --etcd-env FILE, --haproxy haproxy.cfg or --unit FILE, each once for each host.',
    );
  }
  const evidence = await gatherFiles({
    patroni,
    etcd,
    haproxy,
    units,
    ...(root === undefined ? {} : { root }),
  });
  const diagnosis = diagnose(subjectOf(all), FILE_CHECKS, evidence);
  return { ...diagnosis, findings: joinAlike(diagnosis.findings) };
}

function subjectOf(paths: readonly string[]): string {
  const [only] = paths;
  return paths.length === 1 && only !== undefined ? only : `${paths.length} files`;
}
