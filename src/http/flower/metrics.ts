import { RUNTIME_BOUNDS } from '../../attempt/runtime.ts'
import type { HeldTask, TaskTotal } from '../../db/flower.ts'
import type { ShownWorker } from '../../shown/worker.ts'
import { type Family, renderMetrics, type Sample } from '../prometheus.ts'
import { seconds } from './task.ts'
import { isHeard } from './worker.ts'

type Counted = {
  readonly workers: readonly ShownWorker[]
  readonly totals: readonly TaskTotal[]
  readonly held: readonly HeldTask[]
}

/** Flower's names, so that boards made for it need no change; `own` come first, as there. */
export function renderFlowerMetrics(own: readonly Family[], counted: Counted): string {
  return renderMetrics([...own, ...eventFamilies(counted), ...runtimeFamilies(counted), ...nowFamilies(counted)])
}

/** Who sends a task in Celery is a worker of its own; here it is Sluice. */
const SENDER = 'sluice'

function eventFamilies({ totals }: Counted): readonly Family[] {
  const events = totals.flatMap((total) => {
    const of = (type: string, worker: string, value: number) => ({
      labels: { task: total.task, type, worker },
      value,
      total,
    })
    return [
      of('task-received', total.worker, total.started),
      of('task-started', total.worker, total.started),
      of('task-succeeded', total.worker, total.succeeded),
      of('task-failed', total.worker, total.failed),
      of('task-retried', total.worker, total.retried),
      of('task-revoked', total.worker, total.canceled),
    ].filter(({ value }) => value > 0)
  })
  const samples = [...sentOf(totals), ...events.map(({ labels, value }) => ({ labels, value }))]
  const created = events.map(({ labels, total }) => ({ labels, value: seconds(total.createdAt) }))
  return [
    { name: 'flower_events_total', help: 'Number of events', type: 'counter', samples },
    { name: 'flower_events_created', help: 'Number of events', type: 'gauge', samples: created },
  ]
}

/** One of a task, whichever workers started it. */
function sentOf(totals: readonly TaskTotal[]): readonly Sample[] {
  const sent = new Map<string, number>()
  for (const { task, started } of totals) sent.set(task, (sent.get(task) ?? 0) + started)
  return [...sent].map(([task, value]) => ({ labels: { task, type: 'task-sent', worker: SENDER }, value }))
}

function runtimeFamilies({ totals }: Counted): readonly Family[] {
  const ran = totals.filter(({ succeeded }) => succeeded > 0)
  const created = ran.map((total) => ({ labels: labelsOf(total), value: seconds(total.createdAt) }))
  return [
    { name: 'flower_task_runtime_seconds', help: 'Task runtime', type: 'histogram', samples: ran.flatMap(bucketsOf) },
    { name: 'flower_task_runtime_seconds_created', help: 'Task runtime', type: 'gauge', samples: created },
  ]
}

const labelsOf = ({ task, worker }: TaskTotal) => ({ task, worker })

/** Each bucket holds all that were at most as long. Bounds are written as Python does. */
function bucketsOf(total: TaskTotal): readonly Sample[] {
  let sum = 0
  const bounds = [...RUNTIME_BOUNDS.map((bound) => (Number.isInteger(bound) ? `${bound}.0` : String(bound))), '+Inf']
  const buckets = bounds.map((le, index): Sample => {
    sum += total.runtimeCounts[index] ?? 0
    return { labels: { le, ...labelsOf(total) }, value: sum, part: '_bucket' }
  })
  const labels = labelsOf(total)
  return [...buckets, { labels, value: sum, part: '_count' }, { labels, value: total.runtimeSeconds, part: '_sum' }]
}

function nowFamilies({ workers, totals, held }: Counted): readonly Family[] {
  const running = new Map<string, HeldTask[]>()
  for (const task of held.filter(({ state }) => state === 'running')) {
    const key = `${task.workerId} ${task.name}`
    running.set(key, [...(running.get(key) ?? []), task])
  }
  const ofTask = (read: (tasks: readonly HeldTask[]) => number) =>
    totals.map((total) => ({
      labels: labelsOf(total),
      value: read(running.get(`${total.workerId} ${total.task}`) ?? []),
    }))
  const ofWorker = (read: (worker: ShownWorker) => number) =>
    workers.map((worker) => ({ labels: { worker: worker.name }, value: read(worker) }))
  return [
    {
      name: 'flower_task_prefetch_time_seconds',
      help: 'The time the task spent waiting to be executed.',
      type: 'gauge',
      samples: ofTask((tasks) => Math.max(0, ...tasks.map(waitOf))),
    },
    {
      name: 'flower_worker_prefetched_tasks',
      help: 'Number of tasks of given type prefetched at a worker',
      type: 'gauge',
      samples: ofTask((tasks) => tasks.filter(({ hasBegun }) => !hasBegun).length),
    },
    {
      name: 'flower_worker_online',
      help: 'Worker online status',
      type: 'gauge',
      samples: ofWorker((one) => Number(isHeard(one))),
    },
    {
      name: 'flower_worker_number_of_currently_executing_tasks',
      help: 'Number of tasks currently executing at a worker',
      type: 'gauge',
      samples: ofWorker(({ active }) => active),
    },
  ]
}

const waitOf = ({ readyAt, startedAt, hasBegun }: HeldTask) =>
  hasBegun && readyAt !== null && startedAt !== null ? (startedAt.getTime() - readyAt.getTime()) / 1000 : 0
