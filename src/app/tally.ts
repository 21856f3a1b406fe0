import type { TaskEvent } from '../attempt/decide.ts'
import { bucketOf, RUNTIME_BOUNDS } from '../attempt/runtime.ts'
import type { TaskState } from '../attempt/task.ts'
import { taskType } from '../attempt/task-type.ts'
import type { TaskOrder } from '../db/task-orders.ts'
import type { TaskCounts, WorkCounts } from '../db/work-counts.ts'

type Counted = Pick<TaskOrder, 'projectName' | 'fullName' | 'queue'>

/** What a worker has done since it told so last. */
export class Tally {
  #tasks = new Map<string, TaskCounts>()
  #queues = new Map<string, number>()

  started(order: Counted): void {
    this.#add(order, { started: 1 })
  }

  /** Of a start that was counted. `ms`: how long it ran. */
  ended(order: Counted, { event, state, ms }: { event: TaskEvent; state: TaskState | undefined; ms: number }): void {
    const outcome = outcomeOf(event, state)
    const seconds = ms / 1000
    const took = { runtimeSeconds: seconds, runtimeCounts: bucketsOf(seconds) }
    this.#add(order, outcome === 'succeeded' ? { succeeded: 1, ...took } : { [outcome]: 1 })
    this.#queues.set(order.queue, (this.#queues.get(order.queue) ?? 0) + 1)
  }

  /** Hands over what was counted; takes it back when it could not be told. */
  async tell(write: (counts: WorkCounts) => Promise<void>): Promise<void> {
    const [tasks, queues] = [this.#tasks, this.#queues]
    this.#tasks = new Map()
    this.#queues = new Map()
    const finished = [...queues].map(([queue, count]) => ({ queue, finished: count }))
    try {
      await write({ tasks: [...tasks.values()], queues: finished })
    } catch (error) {
      for (const [task, counts] of tasks) this.#tasks.set(task, sum(this.#tasks.get(task) ?? none(task), counts))
      for (const [queue, count] of queues) this.#queues.set(queue, (this.#queues.get(queue) ?? 0) + count)
      throw error
    }
  }

  #add({ projectName, fullName }: Counted, counts: Partial<TaskCounts>): void {
    const task = taskType(projectName, fullName)
    this.#tasks.set(task, sum(this.#tasks.get(task) ?? none(task), { ...none(task), ...counts }))
  }
}

type Outcome = 'succeeded' | 'failed' | 'retried' | 'canceled'

function outcomeOf(event: TaskEvent, state: TaskState | undefined): Outcome {
  if (event.kind === 'canceled' || state === 'canceled') return 'canceled'
  if (state === 'retry_waiting' || state === 'ready') return 'retried'
  return event.kind === 'succeeded' ? 'succeeded' : 'failed'
}

const NO_BUCKETS = [...RUNTIME_BOUNDS, 0].map(() => 0)
const bucketsOf = (seconds: number) => NO_BUCKETS.with(bucketOf(seconds), 1)

const none = (task: string): TaskCounts => ({
  task,
  started: 0,
  succeeded: 0,
  failed: 0,
  retried: 0,
  canceled: 0,
  runtimeSeconds: 0,
  runtimeCounts: NO_BUCKETS,
})

const sum = (a: TaskCounts, b: TaskCounts): TaskCounts => ({
  task: a.task,
  started: a.started + b.started,
  succeeded: a.succeeded + b.succeeded,
  failed: a.failed + b.failed,
  retried: a.retried + b.retried,
  canceled: a.canceled + b.canceled,
  runtimeSeconds: a.runtimeSeconds + b.runtimeSeconds,
  runtimeCounts: a.runtimeCounts.map((count, index) => count + (b.runtimeCounts[index] ?? 0)),
})
