import { type CeleryTask, NO_ARGUMENTS } from '../../db/flower.ts'

/** Seconds since 1970, as Celery tells times. */
export const seconds = (at: Date): number => at.getTime() / 1000
const maybeSeconds = (at: Date | null) => (at === null ? null : seconds(at))

/** Keys in Flower's order. */
export function answerTask(task: CeleryTask) {
  const { state, changedAt, startedAt } = task
  const when = (wanted: CeleryTask['state']) => (state === wanted ? seconds(changedAt) : null)
  const isSuccess = state === 'SUCCESS'
  return {
    uuid: task.uuid,
    name: task.name,
    state,
    received: maybeSeconds(task.readyAt),
    sent: maybeSeconds(task.readyAt),
    started: maybeSeconds(startedAt),
    rejected: null,
    succeeded: when('SUCCESS'),
    failed: when('FAILURE'),
    retried: when('RETRY'),
    revoked: when('REVOKED'),
    ...NO_ARGUMENTS,
    eta: state === 'RETRY' ? isoOf(task.retryAt) : null,
    expires: null,
    retries: Math.max(0, task.starts - 1),
    worker: task.worker,
    result: isSuccess ? (task.exitCause ?? 'None') : null,
    exception: state === 'FAILURE' || state === 'RETRY' ? (task.error ?? task.exitCause) : null,
    timestamp: seconds(changedAt),
    runtime: isSuccess && startedAt !== null ? (changedAt.getTime() - startedAt.getTime()) / 1000 : null,
    traceback: state === 'FAILURE' ? [task.error, task.stacktrace].filter((part) => part !== null).join('\n') : null,
    exchange: '',
    routing_key: task.queue,
    clock: task.epoch,
    client: task.startedBy,
    root: task.rootUuid,
    root_id: task.rootUuid,
    parent: task.parentUuid,
    parent_id: task.parentUuid,
    children: task.children,
  }
}

/** In a list Flower puts the worker last. */
export function answerListedTask(task: CeleryTask) {
  const { worker, ...rest } = answerTask(task)
  return { ...rest, worker }
}

/** As Python writes an instant. */
export const isoOf = (at: Date | null): string | null =>
  at === null ? null : at.toISOString().replace(/(\.\d{3})Z$/, '$1000+00:00')

/** The id in a UUID of ours, or a plain one; undefined: it is neither. */
export function idOf(text: string): string | undefined {
  if (/^\d{1,18}$/.test(text)) return text
  const [, high, low] = /^0{8}-([\da-f]{4})-8000-8000-([\da-f]{12})$/i.exec(text) ?? []
  if (high === undefined || low === undefined) return undefined
  const id = BigInt(`0x${high}${low}`)
  return id <= 0x7fff_ffff_ffff_ffffn ? String(id) : undefined
}
