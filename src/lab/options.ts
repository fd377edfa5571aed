import type { BinaryOptions } from './binaries.js';
import type { ProfileName } from './profiles.js';

/** What a lab is started with. */
export interface LabOptions {
  readonly name: string;
  readonly profile: ProfileName;
  /** Base directory of all labs' state. */
  readonly stateDir?: string;
  /** `127.0.7` to have this network; a free one is chosen when absent. */
  readonly network?: string;
  /** PostgreSQL's max_connections, 300 when absent. */
  readonly maxConnections?: number;
  readonly binaries?: BinaryOptions;
  /** Encrypt everything on TCP, with certificates of the lab's own authority. */
  readonly tls?: boolean;
  /** Leave the files of a lab that did not come up. */
  readonly keep?: boolean;
}
