import type { TaskId } from '../brand.ts'
import { type Database, isQuietlyAway } from '../db/sql.ts'
import { type Claim, listCancelRequested, renewLeases } from '../db/tasks.ts'

export const LEASE_SECONDS = 10
const RENEW_MS = 3000
const AWAY_MS = 500
/** What the answer may have taken on its way. */
const MARGIN_MS = 1000

export type Held = {
  readonly claim: Claim
  /** Somebody asked for the end of its attempt. Called once. */
  readonly onCancel: () => void
  /** It is somebody else's, or over; or it may soon be started elsewhere. */
  readonly onGone: () => void
  readonly mayStartElsewhere: () => boolean
}

type LeasePorts = {
  readonly sql: Database
  readonly workerId: string
  readonly fenceMs: number
  /** After each renewal. `wasAway`: the database has come back. */
  readonly onRenewed: (wasAway: boolean) => Promise<void>
  readonly report: (error: unknown) => void
}

/**
 * The leases of one worker, all renewed in one statement. Locally the monotonic clock counts, from before the question was asked.
 * While they have lapsed nothing is claimed and nothing written; commands run on, and when PostgreSQL is back they are leased again with the same epoch.
 */
export class Leases {
  readonly #ports: LeasePorts
  readonly #held = new Map<TaskId, Held & { isCanceling: boolean }>()
  #trustedUntil = Number.NEGATIVE_INFINITY
  #waiting: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  #isAway = false
  #isClosed = false

  constructor(ports: LeasePorts) {
    this.#ports = ports
  }

  get isTrusted(): boolean {
    return !this.#isClosed && performance.now() < this.#trustedUntil
  }

  /** Resolves when writing is allowed; never after `close`. */
  async trusted(): Promise<void> {
    while (!this.isTrusted) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when PostgreSQL has answered again; `error` is what it had said. */
  recovered(error: unknown): Promise<void> {
    if (!isQuietlyAway(error)) this.#ports.report(error)
    const answered = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#isAway = true
    if (this.#renewing === undefined) this.#later(AWAY_MS)
    return answered
  }

  hold(held: Held): void {
    this.#held.set(held.claim.id, { ...held, isCanceling: false })
  }

  letGo({ id, epoch }: Claim): void {
    if (this.#held.get(id)?.claim.epoch === epoch) this.#held.delete(id)
  }

  isHeld({ id, epoch }: Claim): boolean {
    return this.#held.get(id)?.claim.epoch === epoch
  }

  /** Once now, and then until `close`. Two callers share one renewal. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #renew(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    try {
      await this.#ask()
    } catch (error) {
      if (!isQuietlyAway(error)) this.#ports.report(error)
      this.#isAway = true
      this.#giveUpAfterFence()
    }
    this.#later(this.#isAway ? AWAY_MS : RENEW_MS)
  }

  #later(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.renew(), ms)
  }

  async #ask(): Promise<void> {
    const askedAt = performance.now()
    const asked = [...this.#held.values()]
    const claims = asked.map(({ claim }) => claim)
    const leases = await renewLeases(this.#ports.sql, this.#ports.workerId, claims, LEASE_SECONDS)
    const wasAway = this.#isAway
    this.#isAway = false
    this.#trustedUntil = askedAt + LEASE_SECONDS * 1000 - MARGIN_MS
    const answers = new Map(leases.map((lease) => [lease.id, lease]))
    for (const held of asked) this.#tell(held, answers.get(held.claim.id)?.isCancelRequested)
    await this.#ports.onRenewed(wasAway)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #tell(held: Held & { isCanceling: boolean }, isCancelRequested: boolean | undefined): void {
    if (!this.isHeld(held.claim)) return // it ended while we asked
    if (isCancelRequested === undefined) {
      this.letGo(held.claim)
      held.onGone()
    } else if (isCancelRequested && !held.isCanceling) {
      held.isCanceling = true
      held.onCancel()
    }
  }

  /** A hint was heard: somebody may have asked for an end. Cheaper than a renewal, and does not wait for the next one. */
  async hearCancels(): Promise<void> {
    const asked = new Set(await listCancelRequested(this.#ports.sql, this.#ports.workerId))
    for (const held of [...this.#held.values()]) if (asked.has(held.claim.id)) this.#tell(held, true)
  }

  /** The others run on: nobody will start them elsewhere. */
  #giveUpAfterFence(): void {
    if (performance.now() < this.#trustedUntil + this.#ports.fenceMs) return
    for (const held of this.#held.values()) {
      if (!held.mayStartElsewhere()) continue
      this.letGo(held.claim)
      held.onGone()
    }
  }
}
