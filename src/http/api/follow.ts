import type { AttemptId, LogId, TaskId } from '../../brand.ts'
import { findAttempt } from '../../db/api/attempts.ts'
import { listMovedTasks, listRuns, type RunRow, type TaskState } from '../../db/api/tasks.ts'
import type { Topic } from '../../db/hints.ts'
import { getLogState, listLogChunks } from '../../db/logs.ts'
import type { Sql } from '../../db/sql.ts'
import type { ApiPorts } from './ports.ts'

type Ports = Pick<ApiPorts, 'sql' | 'hints'>
type Options = { readonly isFollowing: boolean; readonly signal: AbortSignal }

/** What happens in an attempt, as it happens. `alive` says nothing, so that silence is not taken for a broken line. */
export type FollowEvent =
  | {
      readonly kind: 'task'
      readonly id: TaskId
      readonly fullName: string
      readonly state: string
      readonly exitCause: string | null
    }
  | { readonly kind: 'log'; readonly id: TaskId; readonly fullName: string; readonly bytes: string }
  | { readonly kind: 'end'; readonly status: string }
  | { readonly kind: 'alive' }

/** Hints may be lost: look at least this often. */
const LOOK_MS = 5_000
/** An attempt that ended may have a log that is not closed (its worker is lost): wait for it no longer than this. */
const LATE_LOG_MS = 10_000
/** How far the clocks of workers may be apart. */
const SKEW_MS = 60_000
const FINAL = ['success', 'error', 'group_error', 'canceled']

/** From the beginning; with `isFollowing` until the attempt (or all of `task`) is over and its log is whole. */
export async function* followAttempt(
  { sql, hints }: Ports,
  id: AttemptId,
  { task, isFollowing, signal }: Options & { readonly task: string | undefined },
): AsyncGenerator<FollowEvent> {
  const ear = openEar(hints, signal)
  const states = new Map<TaskId, TaskState>()
  const positions = new Map<LogId, number>()
  let overAt: number | undefined
  try {
    ear.hear(`attempt:${id}`)
    while (!signal.aborted) {
      const attempt = await findAttempt(sql, id) // read first: what is over now, has nothing new to come later
      yield* moves(sql, id, task, states)
      const runs = await listRuns(sql, id, task)
      for (const run of runs) if (!run.isClosed) ear.hear(`log:${run.logId}`) // before reading: a piece that comes in between is heard
      for (const run of runs) yield* pieces(sql, run, positions)
      if (isOver(attempt?.finishedAt ?? null, task, states)) overAt ??= performance.now()
      const isWhole = runs.every((run) => run.isClosed) || performance.now() - (overAt ?? Infinity) > LATE_LOG_MS
      if (!isFollowing || (overAt !== undefined && isWhole)) {
        yield { kind: 'end', status: attempt?.state ?? 'running' }
        return
      }
      yield { kind: 'alive' }
      await ear.wait()
    }
  } finally {
    ear.close()
  }
}

/** The bytes of one log; with `isFollowing` until it is closed. */
export async function* followLog(
  { sql, hints }: Ports,
  id: LogId,
  { isFollowing, signal }: Options,
): AsyncGenerator<Uint8Array> {
  const ear = openEar(hints, signal)
  try {
    ear.hear(`log:${id}`)
    for (let seq = 0; !signal.aborted; ) {
      const { closedAt } = await getLogState(sql, id)
      const chunks = await listLogChunks(sql, id, seq)
      for (const chunk of chunks) yield chunk.bytes
      seq += chunks.length
      if (chunks.length > 0) continue
      if (!isFollowing || closedAt !== null) return
      await ear.wait()
    }
  } finally {
    ear.close()
  }
}

async function* moves(
  sql: Sql,
  attemptId: AttemptId,
  task: string | undefined,
  known: Map<TaskId, TaskState>,
): AsyncGenerator<FollowEvent> {
  const newest = Math.max(0, ...[...known.values()].map(({ changedAt }) => changedAt.getTime() - SKEW_MS))
  for (const moved of await listMovedTasks(sql, attemptId, { since: new Date(newest), task })) {
    const before = known.get(moved.id)
    known.set(moved.id, moved)
    if (before?.state === moved.state && before.epoch === moved.epoch) continue
    const { id, fullName, state, exitCause } = moved
    yield { kind: 'task', id, fullName, state, exitCause }
  }
}

async function* pieces(sql: Sql, run: RunRow, positions: Map<LogId, number>): AsyncGenerator<FollowEvent> {
  let seq = positions.get(run.logId) ?? 0
  while (seq < run.chunkCount) {
    const chunks = await listLogChunks(sql, run.logId, seq)
    if (chunks.length === 0) return
    for (const { bytes } of chunks)
      yield { kind: 'log', id: run.taskId, fullName: run.fullName, bytes: bytes.toString('base64') }
    seq += chunks.length
    positions.set(run.logId, seq)
  }
}

function isOver(finishedAt: Date | null, task: string | undefined, states: ReadonlyMap<TaskId, TaskState>): boolean {
  if (finishedAt !== null) return true
  return task !== undefined && states.size > 0 && [...states.values()].every(({ state }) => FINAL.includes(state))
}

/** Collects hints while its owner is looking, and lets it wait for the next one. */
function openEar(hints: Ports['hints'], signal: AbortSignal) {
  const topics = new Map<Topic, () => void>()
  let isRung = false
  let wake = () => {}
  const ring = () => {
    isRung = true
    wake()
  }
  signal.addEventListener('abort', ring)
  return {
    hear(topic: Topic) {
      if (!topics.has(topic)) topics.set(topic, hints.hear(topic, ring))
    },
    async wait() {
      let timer: NodeJS.Timeout | undefined
      if (!isRung)
        await new Promise<void>((resolve) => {
          wake = resolve
          timer = setTimeout(resolve, LOOK_MS)
        })
      clearTimeout(timer)
      isRung = false
    },
    close() {
      signal.removeEventListener('abort', ring)
      for (const stop of topics.values()) stop()
    },
  }
}
