import type { AttemptId, TaskId } from '../brand.ts'

/** Where the tasks of one attempt run: one workspace, one container. */
export type Place = {
  readonly attemptId: AttemptId
  /** Id or tag of the image; null for the process executor. */
  readonly image: string | null
  /** False for a user's own Dockerfile. */
  readonly isRootReadOnly: boolean
  readonly limits: Limits
}

export type Limits = { readonly memoryBytes: number; readonly cpus: number; readonly pids: number }

/** One start of one task. */
export type Run = { readonly attemptId: AttemptId; readonly taskId: TaskId; readonly epoch: string }

/** A text, or the path of a file in the run's folder: only the executor knows where that is. A type of its own, so that no text of a user's is taken for one. */
export type Word = string | { readonly inRun: string }

/** The run's folder is also in `$SLUICE_RUN`. */
export type Command = {
  readonly argv: readonly Word[]
  readonly env: Readonly<Record<string, Word>>
  /** Relative to the workspace. */
  readonly cwd: string
  /** Written into the run's folder before the command starts. */
  readonly files: Readonly<Record<string, string>>
  readonly timeoutMs: number | null
  /** False: even after a power cut it is never started a second time, for which its note is forced to the disk first. */
  readonly isRetryable: boolean
}

/** How a run ended. */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'out_of_memory'; readonly limitBytes: number }
  | { readonly kind: 'timed_out'; readonly afterMs: number }
  | { readonly kind: 'killed' }
  /** The container had gone before its agent took the command: nothing of it ran, and nothing will. */
  | { readonly kind: 'unstarted'; readonly why: string }
  /** The container has gone and left no exit code. */
  | { readonly kind: 'lost'; readonly why: string }

/** What the spool tells of a run after a restart: absent = nothing ran. */
export type SpoolState = 'absent' | 'posted' | 'started' | 'done'

/**
 * Runs commands, in a container or as child processes: two adapters of one port, both speaking the agent-and-spool protocol.
 * Everything is idempotent per run: a restarted worker calls the same methods again and doubles nothing.
 */
export type Executor = {
  readonly kind: 'docker' | 'process'
  /** Makes the workspace (calling `unpack` with its folder, once) and starts the container. Throws a Refusal when the image cannot run here. */
  open(place: Place, unpack: (folder: string) => Promise<void>): Promise<void>
  state(run: Run): Promise<SpoolState>
  /** Posts the command and rings the agent's bell. */
  start(run: Run, command: Command): Promise<void>
  /**
   * Hands over the output byte for byte from `offset` on, and resolves when the run has ended and all its output was handed over. `take` is awaited: it is the back-pressure.
   * With `capBytes` one byte more than that is handed over, so that the taker sees that there was more, and the rest is thrown away unread: disk use stays bounded.
   * A time limit is kept by whoever follows. Throws a Refusal when a task has put something else than a file where its end is read.
   */
  follow(
    run: Run,
    offset: number,
    take: (bytes: Uint8Array) => Promise<void>,
    options?: { readonly capBytes: number },
  ): Promise<Exit>
  /** A file that the run left in its folder; undefined when there is none. Throws a Refusal for a link, a device, or more than `maxBytes`. */
  readOutput(run: Run, name: string, maxBytes: number): Promise<string | undefined>
  /** TERM, after `graceMs` KILL, the run's whole tree and nothing else. Resolves when nothing of it lives. */
  kill(run: Run, graceMs: number): Promise<void>
  /** Forgets a run whose result is written. */
  discard(run: Run): Promise<void>
  /** Attempts that have a workspace or a container here. */
  attempts(): Promise<readonly AttemptId[]>
  /** Ends the container and removes the workspace. */
  close(attemptId: AttemptId): Promise<void>
}
