import type { PlaceHolder, QueueWorkers, ShownTask } from '../shown/attempt.ts'
import { clockSeconds, countOf, saySpan } from './format.ts'

export type WhyLine = { readonly task: ShownTask; readonly why: string }

/** More would be a list nobody reads: the tree shows the rest. */
const MOST = 4

/** The scheduler's sentences: why what waits does not run. First what only waits for a worker, then what waits for others. */
export function whyWaiting(
  tasks: readonly ShownTask[],
  queues: readonly QueueWorkers[],
  { now, zone }: { now: Date; zone: string },
): readonly WhyLine[] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const byQueue = new Map(queues.map((queue) => [queue.queue, queue]))
  const say = (task: ShownTask): string | null => {
    if (task.state === 'ready') return whyNotClaimed(task, byQueue.get(task.queue), now)
    if (task.retryAt !== null) return `is tried again at ${clockSeconds(task.retryAt, zone)}.`
    return task.state === 'blocked' ? whyBlocked(task, byId) : null
  }
  const order = ['ready', 'retry_waiting', 'group_retry_waiting', 'blocked']
  return [...tasks]
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    .flatMap((task) => {
      const why = say(task)
      return why === null ? [] : [{ task, why }]
    })
    .slice(0, MOST)
}

function whyNotClaimed(task: ShownTask, queue: QueueWorkers | undefined, now: Date): string {
  const name = `queue ${task.queue}`
  if (queue?.holder != null) return whyNotClaimedBy(queue.holder)
  if (queue === undefined || (queue.online === 0 && queue.lastHeardAt === null))
    return `waits for a worker: none has ever served ${name}.`
  if (queue.online === 0)
    return `waits for a worker: no worker of ${name} is online. The last was heard ${saySpan(now.getTime() - (queue.lastHeardAt?.getTime() ?? 0))} ago.`
  if (queue.busy >= queue.slots) return `waits for a slot: all ${queue.slots} of ${name} are busy.`
  return `waits to be claimed by ${countOf(queue.online, 'worker')} of ${name}.`
}

/** Others may be free: they have not the files that its attempt has made so far. */
function whyNotClaimedBy({ name, slots, busy, isOnline, isDraining, problem, silentMs }: PlaceHolder): string {
  const holder = `worker ${name}, which has the files of this attempt`
  if (!isOnline)
    return `waits for ${holder} and was last heard ${saySpan(silentMs)} ago: after a minute others go on without them.`
  if (isDraining) return `waits for ${holder} and is being stopped.`
  if (problem !== null) return `waits for ${holder} and takes no new work: ${problem}`
  if (busy >= slots) return `waits for a slot of ${holder}: all ${slots} are busy.`
  return `waits to be claimed by ${holder}.`
}

function whyBlocked(task: ShownTask, byId: ReadonlyMap<string, ShownTask>): string | null {
  const before = task.upstreams.flatMap((id) => byId.get(id) ?? [])
  const failed = before.find(({ state }) => state === 'error' || state === 'group_error' || state === 'canceled')
  if (failed !== undefined) return `will not start: it needs ${failed.fullName}, which did not succeed.`
  const open = before.find(({ state }) => state !== 'success')
  const parent = task.parentId === null ? undefined : byId.get(task.parentId)
  if (open !== undefined) return open.state === 'blocked' ? null : `waits for ${open.fullName}.`
  return parent?.state === 'blocked' ? null : 'waits for its turn.'
}
