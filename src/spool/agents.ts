import type { AttemptId } from '../brand.ts'
import type { AttemptFolder, Owner } from './attempt-folder.ts'
import type { Place } from './executor.ts'

/** What an adapter adds to the protocol: something that runs the agent over an attempt's folder. */
export type Agents = {
  readonly kind: 'docker' | 'process'
  /** Whom the agent and its tasks run as. */
  readonly owner: Owner
  /** Where a command sees the folders. */
  inside(folder: AttemptFolder): { readonly workspace: string; readonly spool: string }
  /** Refuses a place that cannot run here, before anything is made. */
  check(place: Place): Promise<void>
  /** Starts an agent for a folder that has none, and resolves with its id. Throws a Refusal when it cannot run. */
  start(place: Place, folder: AttemptFolder): Promise<string>
  /** Rings the bell. A ring may be lost; the agent's tick finds what it missed. */
  ring(attemptId: AttemptId, folder: AttemptFolder, line: string): Promise<void>
  look(attemptId: AttemptId, folder: AttemptFolder): Promise<Life>
  /** Ends the agent and everything that it runs. Idempotent. */
  end(attemptId: AttemptId, folder: AttemptFolder): Promise<void>
  /** Attempts that have an agent here, with or without a folder. */
  list(): Promise<readonly AttemptId[]>
  /** Lets go of every connection and ends nothing. */
  leave(): void
}

export type Life =
  | { readonly kind: 'running'; readonly agentId: string }
  | { readonly kind: 'ended'; readonly why: string; readonly isOutOfMemory: boolean }
  /** The engine does not answer: nobody can tell. */
  | { readonly kind: 'unknown' }
