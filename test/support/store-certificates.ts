import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CREDENTIALS, HTPASSWD } from './registry.ts'

/** A folder with what docs/stack.md asks for: a certificate of the private address, its key, and the registry's users. */
export async function makeStoreCertificates(address: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-certificates-'))
  await chmod(folder, 0o755)
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=stores']
  const files = ['-keyout', join(folder, 'server.key'), '-out', join(folder, 'server.crt')]
  execFileSync('openssl', [...words, '-addext', `subjectAltName=IP:${address}`, ...files], { stdio: 'ignore' })
  await writeFile(join(folder, 'htpasswd'), `${CREDENTIALS.user}:${HTPASSWD}\n`)
  return folder
}
