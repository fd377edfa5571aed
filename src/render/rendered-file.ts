/** A file of the rendered tree. */
export interface RenderedFile {
  /** Below the directory that is rendered into, `pg1/etc/patroni/config.yml`. */
  readonly path: string;
  readonly text: string;
  /** It holds passwords, so nobody but its owner may read it. */
  readonly secret: boolean;
}

/** A file of one host, and where and whose it is there. */
export interface HostFile {
  /** Absolute on the host, without the prefix of a topology; also where it is below the host's folder. */
  readonly path: string;
  readonly text: string;
  readonly owner: 'root' | 'user';
  readonly secret: boolean;
}
