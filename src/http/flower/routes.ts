import { type } from 'node:os'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { TaskId } from '../../brand.ts'
import { listQueues, listWorkers } from '../../db/fleet.ts'
import {
  type CeleryTask,
  countCeleryTasks,
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
import { processFamilies } from '../process-metrics.ts'
import { PROMETHEUS_TEXT } from '../prometheus.ts'
import { readForm } from '../security.ts'
import { renderFlowerMetrics } from './metrics.ts'
import { answerListedTask, answerTask, idOf } from './task.ts'
import { readTableQuery, readTaskQuery } from './task-query.ts'
import { answerDashboardRow, answerWorker, type Broker, type FleetWorker, isHeard } from './worker.ts'

export type FlowerPorts = {
  readonly sql: Sql
  readonly now: () => Date
  readonly broker: Broker
  /** Of the dashboard, where one is set. */
  readonly url: string | null
}

/** What clients of Celery's Flower read, under `/flower`: field for field, and read-only. docs/flower.md has what stands for what. */
export function flowerRoutes(ports: FlowerPorts): Hono<Env> {
  return new Hono<Env>()
    .use('/flower/*', refuseChanges)
    .get('/flower', (c) => c.redirect(workersPage(ports)))
    .get('/flower/', (c) => c.redirect(workersPage(ports)))
    .route('/flower', workerRoutes(ports))
    .route('/flower', taskRoutes(ports))
    .get('/flower/healthcheck', (c) => c.html('OK'))
    .get('/flower/metrics', async (c) => {
      const { sql, now } = ports
      const [own, workers, totals, held] = await Promise.all([
        processFamilies(),
        listWorkers(sql, now()),
        listTaskTotals(sql),
        listHeldTasks(sql),
      ])
      return c.body(renderFlowerMetrics(own, { workers, totals, held }), 200, { 'Content-Type': PROMETHEUS_TEXT })
    })
}

const workersPage = ({ url }: FlowerPorts) => `${(url ?? '').replace(/\/$/, '')}/workers`

/** Flower's own page of tasks asks by POST. */
const READ_BY_POST = '/flower/tasks/datatable'

const refuseChanges: MiddlewareHandler<Env> = async (c, next) => {
  if (['GET', 'HEAD', 'OPTIONS'].includes(c.req.method) || c.req.path === READ_BY_POST) return next()
  throw new Refusal(
    'forbidden',
    'Flower is read-only here',
    'Change things with Sluice itself: its pages, its command line, or /api.',
  )
}

function workerRoutes(ports: FlowerPorts) {
  const { sql, now, broker } = ports
  const list = async (c: Context) => {
    const name = c.req.query('workername')
    const workers = await listWorkers(sql, now())
    const wanted = name === undefined || name === '' ? workers : workers.filter((worker) => worker.name === name)
    if (name && wanted.length === 0) throw unknown('worker', name, 'GET /flower/api/workers')
    return wanted
  }
  return new Hono<Env>()
    .get('/workers', async (c) => {
      if (c.req.query('json') === undefined) return leadToPage(c, ports)
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

/** Where a proxy puts /flower before every path, a path of ours would lead here again and again. */
function leadToPage(c: Context, ports: FlowerPorts) {
  if (ports.url !== null) return c.redirect(workersPage(ports))
  throw new Refusal(
    'not_found',
    "This is Flower's API: the pages are at Sluice's own address",
    'Open /workers there, or ask for /workers?json=1 here. With SLUICE_URL set you are led there.',
  )
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
      const query = readTaskQuery(c.req.query())
      if ('problem' in query) return c.json({ error: query.problem }, 400)
      const { tasks } = await listCeleryTasks(sql, query.filter, query.page)
      return c.json(Object.fromEntries(tasks.map((task) => [task.uuid, answerListedTask(task)])))
    })
    .get('/tasks/datatable', async (c) => c.json(await answerTable(sql, c.req.query())))
    .post('/tasks/datatable', async (c) => c.json(await answerTable(sql, await readForm(c))))
    .get('/api/task/types', async (c) => {
      const names = (await listTaskTotals(sql)).map(({ task }) => task)
      return c.json({ 'task-types': [...new Set(names)].sort() })
    })
    .get('/api/task/info/:id', async (c) => c.json(answerTask(await get(c.req.param('id')))))
    .get('/api/task/result/:id', async (c) => c.json(resultOf(await get(c.req.param('id')))))
}

async function answerTable(sql: Sql, fields: Readonly<Record<string, string>>) {
  const query = readTableQuery(fields)
  const { draw } = query
  const recordsTotal = await countCeleryTasks(sql)
  if ('problem' in query) return { draw, data: [], recordsTotal, recordsFiltered: 0, searchError: query.problem }
  const { tasks, found } = await listCeleryTasks(sql, query.filter, query.page)
  return { draw, data: tasks.map(answerTask), recordsTotal, recordsFiltered: found }
}

function resultOf(task: CeleryTask) {
  const { uuid, state, result, traceback, exception } = answerTask(task)
  if (state === 'FAILURE') return { 'task-id': uuid, state, result: exception, traceback }
  return { 'task-id': uuid, state, ...(result !== null && { result }) }
}

/** In Flower's words. */
const unknown = (what: string, name: string, listedBy: string) =>
  new Refusal('not_found', `Unknown ${what} '${name}'`, `List what there is: ${listedBy}`)
