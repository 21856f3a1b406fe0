import type { MessagePort } from 'node:worker_threads'

/** What the owner of the thread and the thread say to each other: an answer to each question, and the thread's state in memory that both see. */
export type Question = EvaluateQuestion | { readonly kind: 'compile'; readonly codes: readonly string[] }

export type EvaluateQuestion = {
  readonly kind: 'evaluate'
  readonly codes: readonly string[]
  /** JSON; null: those of the question before. */
  readonly params: string | null
  /** JSON of what stands above the params. */
  readonly nearer: string
  readonly timezone: string
}

export type Answer =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'compiled'; readonly broken: readonly Thrown[] }
  | Thrown
  /** `isCertain` false: texts before this one may hold some of the memory; asked again it has all of it. */
  | { readonly kind: 'limit'; readonly limit: 'time' | 'memory'; readonly isCertain: boolean }

/** `index` is the place of the code among the codes; `at` is in its text, where the engine knows it, and counts from 1. */
export type Thrown = {
  readonly kind: 'syntax' | 'thrown'
  readonly index: number
  readonly message: string
  readonly at: { readonly line: number; readonly column: number } | null
}

export type Boot = { readonly port: MessagePort; readonly state: Int32Array<SharedArrayBuffer> }

/** What stands in `state`. */
export const BOOTING = 0
export const IDLE = 1
export const ASKED = 2
