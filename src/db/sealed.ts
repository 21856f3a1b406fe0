import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Refusal } from '../refusal.ts'

const VERSION = 1
const IV_BYTES = 12
const TAG_BYTES = 16

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
  if (sealed[0] !== VERSION) throw new Error(`${place} is sealed in a way that this version does not know`)
  try {
    return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]).toString('utf8')
  } catch {
    throw new Refusal(
      'unavailable',
      'A secret in the database cannot be opened: it was sealed with another key',
      'Bring back the file key of SLUICE_HOME (or SLUICE_SECRET_KEY) that belongs to this database',
    )
  }
}
