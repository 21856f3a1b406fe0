import { createHmac, randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { UserId } from '../brand.ts'
import { claimTry, forgetTries, type Try } from '../db/sign-in-tries.ts'
import type { Sql } from '../db/sql.ts'
import { findUser } from '../db/users.ts'

export type PasswordCheck =
  | { readonly kind: 'passed'; readonly user: { readonly id: UserId; readonly name: string } }
  | { readonly kind: 'wrong'; readonly left: number }
  | { readonly kind: 'paused' }

/** Wrong tries for one name from one address before a pause. */
const TRIES = 5
const PAUSE_MS = 15 * 60_000
/** git asks many times in one push: what passed is not put through argon2 again for a while. */
const REMEMBER_MS = 5 * 60_000
const REMEMBERED = 1000
/** A longer one would only be work for argon2. */
const MAX_PASSWORD = 1024
/** The hash of nothing anybody knows: a name that does not exist costs the same time as one that does. */
const DECOY = '$argon2id$v=19$m=19456,t=2,p=1$60jDqBCqOWtoJbRZ8VGS2w$fZ98J15Tknc+RWEe4UqOjg04dm4pxWAd6MeBQozAwU0'

/** argon2id with the library's parameters, which are OWASP's: 19 MiB, 2 passes. */
export const hashPassword = (password: string): Promise<string> => hash(password)

/** Says whether `password` is that of `name`. Remembers what passed in memory only, keyed by a secret of this process and by the stored hash, so that a reset is felt at once. */
export class Passwords {
  readonly #key = randomBytes(32)
  readonly #passedAt = new Map<string, number>()

  async check(sql: Sql, attempt: Try & { password: string }, now: Date): Promise<PasswordCheck> {
    const user = await findUser(sql, attempt.name)
    const memory = this.#memory(user?.passwordHash ?? '', attempt.password)
    if (user !== undefined && this.#isRemembered(memory, now)) return { kind: 'passed', user }
    const countedSince = new Date(now.getTime() - PAUSE_MS)
    const claimed = await claimTry(sql, attempt, { limit: TRIES, countedSince }, now)
    if (claimed === undefined) return { kind: 'paused' }
    const isRight = await isPasswordOf(user?.passwordHash ?? DECOY, attempt.password)
    if (user === undefined || !isRight) return { kind: 'wrong', left: claimed.left }
    await forgetTries(sql, attempt)
    this.#remember(memory, now)
    return { kind: 'passed', user }
  }

  #memory(passwordHash: string, password: string): string {
    return createHmac('sha256', this.#key).update(`${passwordHash}\0${password}`).digest('base64')
  }

  #isRemembered(memory: string, now: Date): boolean {
    const at = this.#passedAt.get(memory)
    return at !== undefined && now.getTime() - at < REMEMBER_MS
  }

  #remember(memory: string, now: Date): void {
    const [oldest] = this.#passedAt.keys()
    if (oldest !== undefined && this.#passedAt.size >= REMEMBERED) this.#passedAt.delete(oldest)
    this.#passedAt.set(memory, now.getTime())
  }
}

async function isPasswordOf(passwordHash: string, password: string): Promise<boolean> {
  return password.length <= MAX_PASSWORD && (await verify(passwordHash, password))
}
