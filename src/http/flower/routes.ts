import { type } from 'node:os'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { TaskId } from '../../brand.ts'
import { listQueues, listWorkers } from '../../db/fleet.ts'
import {
  type CeleryTask,
  findCeleryTask,
  listCeleryTasks,
  listHeldTasks,
  listTaskTotals,
  listWorkerProcesses,
} from '../../db/flower.ts'
import type { Sql } from '../../db/sql.ts'
import { Refusal } from '../../refusal.ts'
import type { ShownWorker } from '../../shown/worker.ts'
import type { Env } from '../env.ts'
import { PROMETHEUS_TEXT } from '../prometheus.ts'
import { renderFlowerMetrics } from './metrics.ts'
import { answerListedTask, answerTask, idOf } from './task.ts'
import { readTableQuery, readTaskQuery } from './task-query.ts'
import { answerDashboardRow, answerWorker, type Broker, type FleetWorker, isHeard } from './worker.ts'

export type FlowerPorts = { readonly sql: Sql; readonly now: () => Date; readonly broker: Broker }

/** What clients of Celery's Flower read, under `/flower`: field for field, and read-only. docs/flower.md has what stands for what. */
export function flowerRoutes(ports: FlowerPorts): Hono<Env> {
  return new Hono<Env>()
    .use('/flower/*', refuseChanges)
    .get('/flower', (c) => c.redirect('/workers'))
    .get('/flower/', (c) => c.redirect('/workers'))
    .route('/flower', workerRoutes(ports))
    .route('/flower', taskRoutes(ports))
    .get('/flower/healthcheck', (c) => c.html('OK'))
    .get('/flower/metrics', async (c) => {
      const { sql, now } = ports
      const [workers, totals, held] = await Promise.all([
        listWorkers(sql, now()),
        listTaskTotals(sql),
        listHeldTasks(sql),
      ])
      return c.body(renderFlowerMetrics({ workers, totals, held }), 200, { 'Content-Type': PROMETHEUS_TEXT })
    })
}

const refuseChanges: MiddlewareHandler<Env> = async (c, next) => {
  if (['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)) return next()
  throw new Refusal(
    'forbidden',
    'Flower is read-only here',
    'Change things with Sluice itself: its pages, its command line, or /api.',
  )
}

function workerRoutes({ sql, now, broker }: FlowerPorts) {
  const list = async (c: Context) => {
    const name = c.req.query('workername')
    const workers = await listWorkers(sql, now())
    const wanted = name === undefined || name === '' ? workers : workers.filter((worker) => worker.name === name)
    if (name && wanted.length === 0) throw unknown('worker', name, 'GET /flower/api/workers')
    return wanted
  }
  return new Hono<Env>()
    .get('/workers', async (c) => {
      if (c.req.query('json') === undefined) return c.redirect('/workers')
      const fleet = await readFleet(sql, await listWorkers(sql, now()))
      return c.json({ data: fleet.map((one) => answerDashboardRow(one, type())) })
    })
    .get('/api/workers', async (c) => {
      const workers = await list(c)
      if (c.req.query('status') !== undefined) return c.json(byName(workers, isHeard))
      const fleet = new Map((await readFleet(sql, workers)).map((one) => [one.worker, one]))
      return c.json(
        byName(workers, (worker) => {
          const one = fleet.get(worker)
          return one && answerWorker(one, broker, now())
        }),
      )
    })
    .get('/api/queues/length', async (c) => {
      const queues = await listQueues(sql, now())
      return c.json({ active_queues: queues.map(({ queue, waiting }) => ({ name: queue, messages: waiting })) })
    })
}

const byName = <Answer>(workers: readonly ShownWorker[], read: (worker: ShownWorker) => Answer) =>
  Object.fromEntries(workers.map((worker) => [worker.name, read(worker)]))

async function readFleet(sql: Sql, workers: readonly ShownWorker[]): Promise<readonly FleetWorker[]> {
  const ids = workers.map(({ id }) => id)
  const [processes, totals, held] = await Promise.all([
    listWorkerProcesses(sql, ids),
    listTaskTotals(sql),
    listHeldTasks(sql),
  ])
  return workers.flatMap((worker) => {
    const process = processes.find(({ id }) => id === worker.id)
    if (process === undefined) return []
    const isOwn = ({ workerId }: { workerId: string }) => workerId === worker.id
    return [{ worker, process, totals: totals.filter(isOwn), held: held.filter(isOwn) }]
  })
}

function taskRoutes({ sql }: FlowerPorts) {
  const get = async (word: string) => {
    const id = idOf(word)
    const task = id === undefined ? undefined : await findCeleryTask(sql, id as TaskId) // digits
    if (task === undefined) throw unknown('task', word, 'GET /flower/api/tasks')
    return task
  }
  return new Hono<Env>()
    .get('/api/tasks', async (c) => {
      const { filter, page } = readTaskQuery(c.req.query())
      const { tasks } = await listCeleryTasks(sql, filter, page)
      return c.json(Object.fromEntries(tasks.map((task) => [task.uuid, answerListedTask(task)])))
    })
    .get('/tasks/datatable', async (c) => {
      const { draw, filter, page } = readTableQuery(c.req.query())
      const { tasks, total } = await listCeleryTasks(sql, filter, page)
      return c.json({ draw, data: tasks.map(answerTask), recordsTotal: total, recordsFiltered: total })
    })
    .get('/api/task/types', async (c) => {
      const names = (await listTaskTotals(sql)).map(({ task }) => task)
      return c.json({ 'task-types': [...new Set(names)].sort() })
    })
    .get('/api/task/info/:id', async (c) => c.json(answerTask(await get(c.req.param('id')))))
    .get('/api/task/result/:id', async (c) => c.json(resultOf(await get(c.req.param('id')))))
}

function resultOf(task: CeleryTask) {
  const { uuid, state, result, traceback, exception } = answerTask(task)
  if (state === 'FAILURE') return { 'task-id': uuid, state, result: exception, traceback }
  return { 'task-id': uuid, state, ...(result !== null && { result }) }
}

/** In Flower's words. */
const unknown = (what: string, name: string, listedBy: string) =>
  new Refusal('not_found', `Unknown ${what} '${name}'`, `List what there is: ${listedBy}`)
