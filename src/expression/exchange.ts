import type { MessagePort } from 'node:worker_threads'
import type { JsonObject } from '../brand.ts'

/** What the owner of the thread and the thread say to each other: an answer to each question, and the thread's state in memory that both see. */
export type Question = EvaluateQuestion | { readonly kind: 'compile'; readonly codes: readonly string[] }

export type EvaluateQuestion = {
  readonly kind: 'evaluate'
  readonly codes: readonly string[]
  /** As {@link writeParams} writes them; null: those of the question before. */
  readonly params: string | null
  /** JSON of what stands above the params. */
  readonly nearer: string
  readonly timezone: string
}

/**
 * Most expressions look at few of the params, and the sandbox takes long to read lists and mappings: each of these is JSON of its own, with null in its
 * place among the values.
 */
export function writeParams(params: JsonObject): string {
  const composed = Object.entries(params).filter(([, value]) => typeof value === 'object' && value !== null)
  const later = composed.map(([name, value]) => [name, JSON.stringify(value)] as const)
  const values = Object.fromEntries([...Object.entries(params), ...composed.map(([name]) => [name, null] as const)])
  return JSON.stringify({ values, later })
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
