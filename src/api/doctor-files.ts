import { FILE_CHECKS } from '../doctor/files/checks.js';
import { gatherFiles } from '../doctor/files/gather.js';
import { type Diagnosis, diagnose } from '../doctor/finding.js';
import { UserError } from '../errors.js';
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
  return diagnose(subjectOf(all), FILE_CHECKS, evidence);
}

function subjectOf(paths: readonly string[]): string {
  const [only] = paths;
  return paths.length === 1 && only !== undefined ? only : `${paths.length} files`;
}
