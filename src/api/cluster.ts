import { type ProfileName, profileNamed } from '../lab/profiles.js';
import { readTopologyFile } from '../render/read-topology.js';
import { type Rendering, renderInto } from '../render/render.js';
import { refuseUnknown } from './unknown-option.js';

export { profileNamed } from '../lab/profiles.js';
export type { Rendering } from '../render/render.js';

/** What is rendered, and where to. */
export interface RenderClusterOptions {
  /** Path of the YAML file that describes the cluster. */
  readonly topology: string;
  /** Directory to write into; made when it is not there. */
  readonly out: string;
  /** Instead of the topology's own. */
  readonly profile?: ProfileName;
  /** Overwrite files that were not written by an earlier call, or were changed since. Passwords are kept all the same. */
  readonly force?: boolean;
}

/**
 * Writes everything that somebody needs to set up the hosts of a cluster: configuration, units, and the commands for each
 * host, from the templates that labs are made of.
 * @throws UserError for what is wrong in the topology, with its line, and for what would be overwritten; nothing is written
 *   then
 */
export async function renderCluster(options: RenderClusterOptions): Promise<Rendering> {
  refuseUnknown('renderCluster', options, ['topology', 'out', 'profile', 'force']);
  const { topology: path, out, profile, force = false } = options;
  const chosen = profile === undefined ? {} : { profile: profileNamed(profile) };
  return await renderInto(out, await readTopologyFile(path, chosen), force);
}
