import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../refusal.ts'
import { exitOf } from './run-git.ts'
import { makeScratch } from './scratch.ts'

export type DeployKey = { readonly privateKey: string; readonly publicKey: string }
export type HostKey = { readonly line: string; readonly fingerprint: string }

/** A new ed25519 key pair without a passphrase: the sealed column protects it. */
export async function makeDeployKey(comment: string): Promise<DeployKey> {
  const folder = await makeScratch('key')
  try {
    const file = join(folder, 'key')
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file])
    const [privateKey, publicKey] = await Promise.all([readFile(file, 'utf8'), readFile(`${file}.pub`, 'utf8')])
    return { privateKey, publicKey: publicKey.trim() }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The keys that a host shows now, under its plain name, for a person to compare. Empty: it did not answer. */
export async function scanHostKeys(remote: {
  host: string
  address: string
  port: number
}): Promise<readonly HostKey[]> {
  const { host, address, port } = remote
  const found = await run('ssh-keyscan', ['-T', '10', '-p', String(port), '-t', 'ed25519,ecdsa,rsa', '--', address])
  const lines = found.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const keys = lines.map((line) => `${host} ${line.split(' ').slice(1, 3).join(' ')}`)
  return Promise.all(keys.map(async (line) => ({ line, fingerprint: await fingerprintOf(line) })))
}

/** `256 SHA256:… host (ED25519)` */
const fingerprintOf = async (line: string) => (await run('ssh-keygen', ['-l', '-f', '-'], `${line}\n`)).trim()

async function run(program: string, argv: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: process.env.PATH } })
  child.stdin.on('error', () => {}) // its exit code tells
  child.stdin.end(input)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = await exitOf(child).catch(() => {
    throw new Refusal('unavailable', `${program} is not installed on the server`, 'Install openssh-client there')
  })
  if (code !== 0 && program === 'ssh-keygen') throw new Error(`${program} ended with ${code}`)
  return output
}
