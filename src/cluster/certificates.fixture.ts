import { execFileSync } from 'node:child_process';

/**
 * An authority, `ca.pem`, what it signed for a server at 127.0.0.1 and a client, `server.pem` and `client.pem` and, without a
 * common name, `nameless.pem`, and one that signed itself, `foreign.pem`; the keys are `.key`.
 */
export function makeCertificates(directory: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const selfSigned = (name: string) =>
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
  selfSigned('ca');
  selfSigned('foreign');
  for (const name of ['server', 'client', 'nameless']) {
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl(
      'req',
      '-new',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      name === 'nameless' ? '/O=nameless' : `/CN=${name}`,
      ...names,
    );
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing);
  }
}
