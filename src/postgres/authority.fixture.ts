import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certified {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority of a test's own, made with openssl. */
export class Authority {
  private readonly folder = mkdtempSync(join(tmpdir(), 'pgha-bench-ca-'));
  readonly caFile = join(this.folder, 'root.crt');
  private readonly caKey = join(this.folder, 'root.key');

  constructor() {
    this.openssl([
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=test authority', '-days', '2'],
      ...['-keyout', this.caKey, '-out', this.caFile],
    ]);
  }

  /** @param names `DNS:localhost`, `IP:127.0.0.1` */
  certify(commonName: string, names: readonly string[] = []): Certified {
    const [keyFile, request, certFile, extensions] = ['key', 'csr', 'crt', 'ext'].map((extension) =>
      join(this.folder, `${commonName}.${extension}`),
    ) as [string, string, string, string];
    writeFileSync(extensions, names.length === 0 ? '' : `subjectAltName=${names.join(',')}\n`);
    this.openssl([
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${commonName}`],
      ...['-keyout', keyFile, '-out', request],
    ]);
    this.openssl([
      ...['x509', '-req', '-in', request, '-CA', this.caFile, '-CAkey', this.caKey, '-CAcreateserial'],
      ...['-days', '2', '-extfile', extensions, '-out', certFile],
    ]);
    return { certFile, keyFile };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private openssl(words: readonly string[]): void {
    execFileSync('openssl', words, { stdio: 'ignore' });
  }
}
