import { graft, type KeptTask, pickKept } from '../attempt/resume.ts'
import type { AttemptId, JsonObject, WorkflowId } from '../brand.ts'
import {
  claimActiveAttempt,
  findAttemptNamed,
  finishAttemptIfRunning,
  insertAttemptUnlessNamed,
} from '../db/attempts.ts'
import { insertKeptTasks, listOldTasks } from '../db/kept-tasks.ts'
import { lockSession, pointToAttempt } from '../db/sessions.ts'
import type { Sql } from '../db/sql.ts'
import { findStartable, type Startable } from '../db/startable.ts'
import { insertTree, type PlantedTree } from '../db/task-trees.ts'
import { Refusal } from '../refusal.ts'
import { type PlannedTask, planTree } from '../workflow/tree.ts'
import { type AttemptLimits, DEFAULT_LIMITS, sayHints } from './advance-attempt.ts'
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
}

export type Started = { readonly kind: 'started' | 'conflict'; readonly attemptId: AttemptId }

/** Makes the session if there is none, its next attempt, and the attempt's tasks. A session has one attempt of each name: asked for twice, it is the first one's conflict. */
export async function startAttempt(ports: AttemptPorts, start: Start, now: Date): Promise<Started> {
  const { started, ready } = await ports.sql.begin((tx) =>
    startAttemptIn(tx, ports.limits ?? DEFAULT_LIMITS, start, now),
  )
  await ringReady(ports, ready)
  return started
}

type StartedIn = { readonly started: Started; readonly ready: PlantedTree['ready'] }

/** For callers with a transaction of their own; they ring for `ready` after their commit. */
export async function startAttemptIn(tx: Sql, limits: AttemptLimits, start: Start, now: Date): Promise<StartedIn> {
  const workflow = await getStartable(tx, start.workflowId)
  const sessionTime = new Date(Math.floor(start.sessionTime.getTime() / 1000) * 1000)
  const { projectId, revisionId } = workflow
  const sessionId = await lockSession(tx, { projectId, workflowName: workflow.name, sessionTime })
  const named = await findAttemptNamed(tx, sessionId, start.retryName)
  if (named !== undefined) return { started: { kind: 'conflict', attemptId: named }, ready: [] }
  const { tasks, kept, left } = await planAttempt(tx, workflow, start)
  if (tasks.length > limits.tasks) throw tooManyTasks(limits.tasks, tasks.length)
  const attempt = {
    sessionId,
    projectId,
    workflowId: start.workflowId,
    revisionId,
    retryName: start.retryName,
    params: { ...start.params, ...neighbours(workflow, sessionTime) },
    startedBy: start.startedBy,
    resumedFrom: start.resume?.attemptId ?? null,
  }
  const attemptId = await insertAttempt(tx, attempt, now)
  await insertKeptTasks(tx, attemptId, left)
  await pointToAttempt(tx, sessionId, attemptId)
  const tree = await insertTree(tx, { attemptId, parentId: null, tasks, after: [], isGenerated: false, kept }, now)
  await sayHints(tx, { id: attemptId, projectId }, [])
  await tx`select pg_notify('sluice', ${`project:${projectId}`})`
  if (tree.isOpen) await claimPlace(tx, limits.activeAttempts)
  else await finishAttemptIfRunning(tx, attemptId, 'success', now)
  return { started: { kind: 'started', attemptId }, ready: tree.ready }
}

async function insertAttempt(tx: Sql, attempt: Parameters<typeof insertAttemptUnlessNamed>[1], now: Date) {
  const id = await insertAttemptUnlessNamed(tx, attempt, now)
  if (id === undefined) throw new Error('an attempt of this name was inserted beside the lock of its session')
  return id
}

async function getStartable(tx: Sql, id: WorkflowId): Promise<Startable> {
  const workflow = await findStartable(tx, id)
  if (workflow !== undefined) return workflow
  throw new Refusal('not_found', `Resource does not exist: workflow id=${id}`, 'List what there is: sluice workflows')
}

type PlannedAttempt = {
  readonly tasks: readonly PlannedTask[]
  readonly kept: ReadonlyMap<string, KeptTask>
  readonly left: readonly KeptTask[]
}

async function planAttempt(tx: Sql, { name, config }: Startable, { resume }: Start): Promise<PlannedAttempt> {
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

async function claimPlace(tx: Sql, limit: number) {
  if (await claimActiveAttempt(tx, limit)) return
  throw new Refusal(
    'invalid',
    `Too many attempts running. Limit: ${limit}, Current: ${limit}`,
    'Wait until some have ended, kill some, or raise SLUICE_MAX_ACTIVE_ATTEMPTS.',
  )
}
