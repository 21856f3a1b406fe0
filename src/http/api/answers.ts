import type { AttemptRow } from '../../db/api/attempts.ts'
import type { DeliveryRow } from '../../db/api/deliveries.ts'
import type { DeployRow } from '../../db/api/deploys.ts'
import type { ProjectRow } from '../../db/api/projects.ts'
import type { RevisionRow } from '../../db/api/revisions.ts'
import type { ScheduleRow } from '../../db/api/schedules.ts'
import type { SessionRow } from '../../db/api/sessions.ts'
import type { RunRow, TaskRow } from '../../db/api/tasks.ts'
import type { WorkflowRow } from '../../db/api/workflows.ts'
import { logFileName } from '../../log/task-log-path.ts'
import type { ShownQueue, ShownWorker } from '../../shown/worker.ts'
import { instant, zoned } from './times.ts'

/*
 * The shapes of the API: Digdag's, and what Sluice adds at the end of each (Digdag's client ignores keys that it does not know).
 */

export type ProjectAnswer = ReturnType<typeof answerProject>
export type RevisionAnswer = ReturnType<typeof answerRevision>
export type WorkflowAnswer = ReturnType<typeof answerWorkflow>
export type ScheduleAnswer = ReturnType<typeof answerSchedule>
export type AttemptAnswer = ReturnType<typeof answerAttempt>
export type TaskAnswer = ReturnType<typeof answerTask>
export type DeployAnswer = ReturnType<typeof answerDeploy>
export type DeliveryAnswer = ReturnType<typeof answerDelivery>
export type WorkerAnswer = ReturnType<typeof answerWorker>
export type QueueAnswer = ReturnType<typeof answerQueue>

const maybeInstant = (at: Date | null) => (at === null ? null : instant(at))
const projectOf = (row: { projectId: string; projectName: string }) => ({ id: row.projectId, name: row.projectName })
const workflowOf = (row: { workflowId: string; workflowName: string }) => ({
  id: row.workflowId,
  name: row.workflowName,
})

/** What a push answers: Digdag's shape and nothing beside it. Its clients cannot read a project without a revision: one that has none yet has one without a name. */
export const answerPushedProject = (row: ProjectRow) => ({
  id: row.id,
  name: row.name,
  revision: row.revision ?? '',
  createdAt: instant(row.createdAt),
  updatedAt: instant(row.updatedAt),
  deletedAt: maybeInstant(row.deletedAt),
  archiveType: 'db',
  archiveMd5: row.archiveMd5,
})

export const answerProject = (row: ProjectRow) => ({
  ...answerPushedProject(row),
  revisionNumber: row.revisionNumber,
  branch: row.branch,
  builder: row.builder,
})

export const answerRevision = (row: RevisionRow) => ({
  revision: row.name,
  createdAt: instant(row.createdAt),
  archiveType: 'db',
  archiveMd5: row.archiveMd5,
  userInfo: { name: row.createdBy },
  id: row.id,
  number: row.number,
  commit: row.commit,
  message: row.message,
})

export const answerWorkflow = (row: WorkflowRow) => ({
  id: row.id,
  name: row.name,
  project: projectOf(row),
  revision: row.revision,
  timezone: row.timezone,
  config: row.config,
})

export const answerSchedule = (row: ScheduleRow) => ({
  id: row.id,
  project: projectOf(row),
  workflow: workflowOf(row),
  nextRunTime: instant(row.nextRunAt),
  nextScheduleTime: zoned(row.nextSessionTime, row.timezone),
  disabledAt: maybeInstant(row.disabledAt),
  heldAt: maybeInstant(row.heldAt),
  waitingSince: maybeInstant(row.waitingSince),
  refusedBecause: row.refusedBecause,
  elsewhere: row.elsewhere,
  lastSkip: row.lastSkip === null ? null : answerSkip(row.lastSkip, row.timezone),
  timezone: row.timezone,
})

const answerSkip = (skip: NonNullable<ScheduleRow['lastSkip']>, timezone: string) => ({
  sessionTime: zoned(new Date(skip.sessionTime), timezone),
  because: skip.because,
  skippedAt: instant(new Date(skip.skippedAt)),
})

/** What `skip`, `enable` and `disable` answer. `updatedAt` is the time of creation, as in Digdag. */
export const answerScheduleSummary = (row: ScheduleRow) => ({
  ...answerSchedule(row),
  createdAt: instant(row.createdAt),
  updatedAt: instant(row.createdAt),
})

export const answerSession = (row: SessionRow) => ({
  id: row.id,
  project: projectOf(row),
  workflow: workflowOf(row),
  sessionUuid: row.uuid,
  sessionTime: zoned(row.sessionTime, row.timezone),
  lastAttempt: {
    id: row.attemptId,
    retryAttemptName: row.retryName || null,
    done: row.finishedAt !== null,
    success: row.attemptState === 'success',
    cancelRequested: row.isCancelRequested,
    params: row.params,
    createdAt: instant(row.createdAt),
    finishedAt: maybeInstant(row.finishedAt),
  },
})

export const answerAttempt = (row: AttemptRow) => ({
  id: row.id,
  index: row.index,
  status: STATUS[row.state],
  project: projectOf(row),
  workflow: workflowOf(row),
  sessionId: row.sessionId,
  sessionUuid: row.sessionUuid,
  sessionTime: zoned(row.sessionTime, row.timezone),
  retryAttemptName: row.retryName || null,
  done: row.finishedAt !== null,
  success: row.state === 'success',
  cancelRequested: row.isCancelRequested,
  params: row.params,
  createdAt: instant(row.createdAt),
  finishedAt: maybeInstant(row.finishedAt),
  revision: { name: row.revision, number: row.revisionNumber },
  startedBy: row.startedBy,
})

const STATUS = { running: 'running', success: 'success', error: 'error', canceled: 'killed' } as const

export const answerTask = (row: TaskRow) => ({
  id: row.id,
  fullName: row.fullName,
  parentId: row.parentId,
  config: Object.keys(row.staticExport).length === 0 ? row.config : { ...row.config, _export: row.staticExport },
  upstreams: row.upstreams,
  isGroup: row.kind === 'group',
  state: row.state,
  cancelRequested: row.isCancelRequested,
  exportParams: { ...row.staticExport, ...row.exportParams },
  storeParams: row.storeParams,
  stateParams: row.stateParams,
  updatedAt: instant(row.changedAt),
  retryAt: maybeInstant(row.retryAt),
  startedAt: maybeInstant(row.startedAt),
  error: row.state === 'canceled' ? {} : (row.error ?? {}), // what an earlier try left is not why it ended
  exitCause: row.exitCause,
  queue: row.queue,
})

export const answerLogFile = (row: RunRow, packedBytes: number) => ({
  fileName: logFileName(row),
  fileSize: packedBytes,
  taskName: row.fullName,
  fileTime: instant(row.startedAt),
  agentId: row.worker,
  direct: null,
})

export const answerDeploy = (row: DeployRow) => ({
  id: row.id,
  project: projectOf(row),
  deliveryId: row.deliveryId,
  branch: row.branch,
  commit: row.commit,
  state: row.state,
  problem: row.problem,
  revision: row.revision === null ? null : { name: row.revision, number: row.revisionNumber },
  buildId: row.buildId,
  createdAt: instant(row.createdAt),
  finishedAt: maybeInstant(row.finishedAt),
})

export const answerDelivery = (row: DeliveryRow) => ({
  id: row.id,
  project: projectOf(row),
  kind: row.kind,
  provider: row.provider,
  externalId: row.externalId,
  event: row.event,
  ref: row.ref,
  commit: row.commit,
  pushedBy: row.pushedBy,
  state: row.state,
  reason: row.reason,
  deployId: row.deployId,
  receivedAt: instant(row.receivedAt),
  settledAt: maybeInstant(row.settledAt),
})

export const answerWorker = (row: ShownWorker) => ({
  id: row.id,
  name: row.name,
  host: row.host,
  state: row.state,
  problem: row.problem,
  executor: row.executor,
  engine: row.engine,
  version: row.version,
  slots: row.slots,
  running: row.active,
  queues: row.queues,
  processed: row.processed,
  succeeded: row.succeeded,
  failed: row.failed,
  retried: row.retried,
  loadAverage: row.loadAverage,
  startedAt: instant(row.startedAt),
  heardAt: instant(row.heardAt),
  stoppedAt: maybeInstant(row.stoppedAt),
})

/** `waiting` is counted up to 10 000. */
export const answerQueue = (row: ShownQueue) => ({
  name: row.queue,
  waiting: row.waiting,
  oldestReadyAt: maybeInstant(row.oldestAt),
  perMinute: Math.round(row.perMinute * 10) / 10,
  minutes: row.minutes,
  workers: row.online,
})
