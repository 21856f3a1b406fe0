import { graft, type KeptTask, pickKept } from '../attempt/resume.ts'
import type { AttemptId, JsonObject, SessionId, WorkflowId } from '../brand.ts'
import {
  claimActiveAttempts,
  findAttemptsNamed,
  finishAttemptIfRunning,
  insertAttempts,
  type NewAttempt,
} from '../db/attempts.ts'
import { insertKeptTasks, listOldTasks } from '../db/kept-tasks.ts'
import { lockSessions, pointToAttempts, type SessionKey } from '../db/sessions.ts'
import type { Sql } from '../db/sql.ts'
import { listStartables, type Startable } from '../db/startable.ts'
import { insertTrees, type PlantedTree } from '../db/task-trees.ts'
import { Refusal } from '../refusal.ts'
import { type Calendar, openCalendar } from '../workflow/calendar.ts'
import { readLateAt } from '../workflow/sla.ts'
import { type PlannedTask, planTree } from '../workflow/tree.ts'
import { type AttemptLimits, DEFAULT_LIMITS, sayStarted } from './advance-attempt.ts'
import { type AttemptPorts, ringReady } from './finish-task.ts'
import { neighbours } from './session-neighbours.ts'

export type Start = {
  readonly workflowId: WorkflowId
  /** Cut to whole seconds, as Digdag stores it. */
  readonly sessionTime: Date
  readonly params: JsonObject
  /** `''`: the session's first, unnamed attempt. */
  readonly retryName: string
  readonly resume:
    | null
    | { readonly mode: 'failed'; readonly attemptId: AttemptId }
    | { readonly mode: 'from'; readonly attemptId: AttemptId; readonly from: string }
  /** `schedule`, or a user's name. */
  readonly startedBy: string
  /** When it was to run; absent: now. */
  readonly runAt?: Date
}

export type Started = { readonly kind: 'started' | 'conflict'; readonly attemptId: AttemptId }

/** Makes the session if there is none, its next attempt, and the attempt's tasks. A session has one attempt of each name: asked for twice, it is the first one's conflict. */
export async function startAttempt(ports: AttemptPorts, start: Start, now: Date): Promise<Started> {
  const [one] = await ports.sql.begin((tx) => startAttemptsIn(tx, ports.limits ?? DEFAULT_LIMITS, [start], now))
  if (one === undefined) throw new Error('one start has one outcome')
  await ringReady(ports, one.ready)
  return one.started
}

type StartedIn = { readonly started: Started; readonly ready: PlantedTree['ready'] }

/** All or none, in a handful of statements however many they are; each of another session. For callers with a transaction of their own; they ring for `ready` after their commit. */
export async function startAttemptsIn(
  tx: Sql,
  limits: AttemptLimits,
  starts: readonly Start[],
  now: Date,
): Promise<readonly StartedIn[]> {
  const workflows = await getStartables(tx, starts)
  const sessionIds = await lockSessions(tx, workflows.map(keyOf))
  const wanted = workflows.map((one, index) => ({ ...one, sessionId: sessionIds[index] as SessionId })) // one for each key
  const named = await findAttemptsNamed(
    tx,
    wanted.map(({ start, sessionId }) => ({ sessionId, retryName: start.retryName })),
  )
  const fresh = wanted.filter(({ sessionId }) => !named.has(sessionId))
  const made = await makeAttempts(tx, limits, fresh, now)
  return wanted.map(({ sessionId }) => {
    const attemptId = named.get(sessionId)
    if (attemptId !== undefined) return { started: { kind: 'conflict', attemptId }, ready: [] }
    return made.get(sessionId) as StartedIn // what has no attempt of the name was made one
  })
}

type Wanted = { readonly start: Start; readonly workflow: Startable; readonly sessionId: SessionId }

const keyOf = ({ start, workflow }: Omit<Wanted, 'sessionId'>): SessionKey => ({
  projectId: workflow.projectId,
  workflowName: workflow.name,
  sessionTime: wholeSeconds(start.sessionTime),
})

const wholeSeconds = (time: Date) => new Date(Math.floor(time.getTime() / 1000) * 1000)

async function makeAttempts(tx: Sql, limits: AttemptLimits, wanted: readonly Wanted[], now: Date) {
  if (wanted.length === 0) return new Map<SessionId, StartedIn>()
  const plans: PlannedAttempt[] = []
  for (const one of wanted) {
    const plan = await planAttempt(tx, one)
    if (plan.tasks.length > limits.tasks) throw tooManyTasks(limits.tasks, plan.tasks.length)
    plans.push(plan)
  }
  const calendar = openCalendar()
  const ids = await insertAttempts(
    tx,
    wanted.map((one) => newAttempt(one, calendar, now)),
    now,
  )
  const attempts = wanted.map((one, index) => ({
    ...one,
    ...(plans[index] as PlannedAttempt), // one for each
    attemptId: ids[index] as AttemptId, // likewise
  }))
  for (const { attemptId, left } of attempts) await insertKeptTasks(tx, attemptId, left)
  await pointToAttempts(tx, attempts)
  const root = { parentId: null, after: [], isGenerated: false }
  const trees = await insertTrees(
    tx,
    attempts.map(({ attemptId, tasks, kept }) => ({ ...root, attemptId, tasks, kept })),
    now,
  )
  await sayStarted(tx, attempts)
  const over = attempts.filter((_, index) => trees[index]?.isOpen === false)
  for (const { attemptId } of over) await finishAttemptIfRunning(tx, attemptId, 'success', now)
  await claimPlaces(tx, attempts.length - over.length, limits.activeAttempts)
  return new Map(
    attempts.map(({ sessionId, attemptId }, index): [SessionId, StartedIn] => {
      return [sessionId, { started: { kind: 'started', attemptId }, ready: trees[index]?.ready ?? [] }]
    }),
  )
}

const newAttempt = ({ start, workflow, sessionId }: Wanted, calendar: Calendar, now: Date): NewAttempt => ({
  sessionId,
  projectId: workflow.projectId,
  workflowId: workflow.id,
  revisionId: workflow.revisionId,
  retryName: start.retryName,
  params: { ...start.params, ...neighbours(workflow, wholeSeconds(start.sessionTime), calendar) },
  startedBy: start.startedBy,
  resumedFrom: start.resume?.attemptId ?? null,
  lateAt: getLateAt(workflow, start.runAt ?? now),
})

function getLateAt({ config, timezone }: Startable, runAt: Date): Date | null {
  const lateAt = readLateAt(config, runAt, timezone)
  if (lateAt.ok) return lateAt.value
  throw new Refusal('invalid', lateAt.message, 'Correct sla: in the workflow, and push it again.')
}

async function getStartables(tx: Sql, starts: readonly Start[]) {
  const found = await listStartables(
    tx,
    starts.map(({ workflowId }) => workflowId),
  )
  const workflows = new Map(found.map((workflow) => [workflow.id, workflow]))
  return starts.map((start) => {
    const workflow = workflows.get(start.workflowId)
    if (workflow !== undefined) return { start, workflow }
    const why = `Resource does not exist: workflow id=${start.workflowId}`
    throw new Refusal('not_found', why, 'List what there is: sluice workflows')
  })
}

type PlannedAttempt = {
  readonly tasks: readonly PlannedTask[]
  readonly kept: ReadonlyMap<string, KeptTask>
  readonly left: readonly KeptTask[]
}

async function planAttempt(
  tx: Sql,
  { workflow: { name, config }, start: { resume } }: Wanted,
): Promise<PlannedAttempt> {
  const tree = planTree(config, `+${name}`)
  if (!tree.ok) throw new Refusal('invalid', tree.message, 'Correct the workflow and push it again.')
  if (resume === null) return { tasks: tree.tasks, kept: new Map(), left: [] }
  const picked = pickKept(await listOldTasks(tx, resume.attemptId), resume)
  if (!picked.ok) throw new Refusal('invalid', picked.message, `See its tasks: sluice tasks ${resume.attemptId}`)
  return graft(tree.tasks, picked.kept)
}

const tooManyTasks = (limit: number, adding: number) =>
  new Refusal(
    'invalid',
    `Too many tasks. Limit: ${limit}, Current: 0, Adding: ${adding}`,
    'Split the workflow, or raise SLUICE_MAX_TASKS.',
  )

async function claimPlaces(tx: Sql, count: number, limit: number) {
  if (count === 0 || (await claimActiveAttempts(tx, count, limit))) return
  throw new Refusal(
    'invalid',
    `Too many attempts running. Limit: ${limit}, Current: ${limit}`,
    'Wait until some have ended, kill some, or raise SLUICE_MAX_ACTIVE_ATTEMPTS.',
  )
}
