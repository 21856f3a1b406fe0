import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Refusal } from '../refusal.ts'

const VERSION = 1
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** AES-256-GCM. `place` says where the secret belongs (`links.webhook_secret/12`): moved elsewhere it does not open. */
export function seal(key: Buffer, place: string, secret: string): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place))
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), sealed])
}

/** Throws a Refusal when the key is another one than it was sealed with, or the bytes were changed. */
export function unseal(key: Buffer, place: string, sealed: Uint8Array): string {
  const [ivEnd, tagEnd] = [1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES]
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, ivEnd), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(ivEnd, tagEnd))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]).toString('utf8')
  } catch (error) {
    if (!(error instanceof Error) || sealed[0] !== VERSION) throw error
    throw new Refusal(
      'unavailable',
      'A secret in the database cannot be opened: it was sealed with another key',
      'Bring back the file key of SLUICE_HOME (or SLUICE_SECRET_KEY) that belongs to this database',
    )
  }
}

/** The installation's key: 64 hex digits in a file that only its owner reads; made when it is missing. */
export async function openSealingKey(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { flag: 'wx', mode: 0o600 }).catch(
    ignoreExisting,
  )
  const text = (await readFile(file, 'utf8')).trim()
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex')
  throw new Refusal('invalid', `${file} does not hold a key of 64 hex digits`, 'Bring it back from a backup')
}

function ignoreExisting(error: NodeJS.ErrnoException) {
  if (error.code !== 'EEXIST') throw error
}
