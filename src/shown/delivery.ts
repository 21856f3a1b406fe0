import type { JsonObject } from '../brand.ts'
import type { ShownDeliveryState } from './states.ts'

export type DeliveryRow = {
  readonly id: string
  readonly project: string
  readonly kind: 'push' | 'webhook' | 'upload'
  readonly provider: string | null
  readonly event: string | null
  readonly ref: string | null
  readonly oldCommit: string | null
  readonly newCommit: string | null
  readonly pushedBy: string | null
  readonly state: ShownDeliveryState
  readonly reason: string | null
  readonly receivedAt: Date
  readonly deployId: string | null
  readonly revision: number | null
}

export type ShownDelivery = DeliveryRow & {
  readonly externalId: string | null
  readonly pushOptions: readonly string[]
  readonly headers: JsonObject | null
  /** The first lines; null: not a webhook. */
  readonly body: string | null
  readonly bodyBytes: number | null
}
