import { createHash, randomBytes } from 'node:crypto'

/** 32 random bytes; the database keeps the SHA-256 only, which is enough for what cannot be guessed. */
export function newSecretToken(prefix = ''): { token: string; tokenHash: Buffer } {
  const token = `${prefix}${randomBytes(32).toString('base64url')}`
  return { token, tokenHash: hashSecretToken(token) }
}

export const hashSecretToken = (token: string): Buffer => createHash('sha256').update(token).digest()
