import { execFileSync } from 'node:child_process'

/** In `cwd` an authority of our own (`ca.pem`) and a certificate that it signed for `subject` (`DNS:localhost`, `IP:10.0.0.1`): `cert.pem` and `key.pem`. */
export function makeAuthority(cwd: string, subject: string): void {
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd, stdio: 'ignore' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test authority', '-days', '2')
  const name = subject.replace(/^\w+:/, '')
  const san = ['-addext', `subjectAltName=${subject}`]
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'basicConstraints=CA:FALSE']
  openssl('req', '-x509', ...ec, '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', `/CN=${name}`, ...san, ...signed)
}
