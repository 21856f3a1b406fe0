import { Hono } from 'hono'
import { readStanding, type Standing, type WorkerStanding } from '../db/metrics.ts'
import type { Sql } from '../db/sql.ts'
import type { Env } from './env.ts'
import { processFamilies } from './process-metrics.ts'
import { type Family, gauge, PROMETHEUS_TEXT, renderMetrics } from './prometheus.ts'

/** `/metrics`: the whole installation, whichever web is asked, and the process of this one. */
export function metricsRoutes({ sql, version }: { readonly sql: Sql; readonly version: string }): Hono<Env> {
  return new Hono<Env>().get('/metrics', async (c) => {
    const build = gauge('sluice_build_info', 'The version of this process.', [{ labels: { version }, value: 1 }])
    const families = [...standingFamilies(await readStanding(sql)), build, ...(await processFamilies())]
    return c.body(renderMetrics(families), 200, { 'Content-Type': PROMETHEUS_TEXT })
  })
}

function standingFamilies(standing: Standing): readonly Family[] {
  return [
    counter('sluice_attempts_ended_total', 'Attempts that have ended, by how.', byState(standing.attemptEnds)),
    gauge('sluice_attempts_running', 'Attempts that run.', [{ value: standing.attemptsRunning }]),
    gauge('sluice_tasks', 'Tasks of running attempts that are open, by state.', byState(standing.tasks)),
    gauge(
      'sluice_queue_depth',
      'Tasks that wait for a slot, by queue.',
      byQueue(standing, ({ count }) => count),
    ),
    gauge(
      'sluice_queue_oldest_seconds',
      'How long the oldest task has waited for a slot, by queue.',
      byQueue(standing, ({ oldestSeconds }) => oldestSeconds),
    ),
    gauge('sluice_builds', 'Builds of images that are open, by state.', byState(standing.builds)),
    gauge('sluice_deploys_running', 'Deploys that are on their way.', [{ value: standing.deploysOpen }]),
    gauge(
      'sluice_schedules',
      'Schedules that are on, off, held until somebody decides, waiting for what runs, or elsewhere: for other environments.',
      byState(standing.schedules),
    ),
    gauge('sluice_schedule_delay_seconds', 'How late the most overdue schedule is.', [
      { value: standing.scheduleDelaySeconds },
    ]),
    ...workerFamilies(standing.workers),
  ]
}

function workerFamilies(workers: readonly WorkerStanding[]): readonly Family[] {
  const each = (read: (worker: WorkerStanding) => number) =>
    workers.map((worker) => ({ labels: { worker: worker.name }, value: read(worker) }))
  return [
    gauge(
      'sluice_worker_online',
      '1: the worker is heard.',
      each(({ isOnline }) => Number(isOnline)),
    ),
    gauge(
      'sluice_worker_silent_seconds',
      'Since the worker was heard.',
      each(({ silentSeconds }) => silentSeconds),
    ),
    gauge(
      'sluice_worker_slots',
      'Tasks that the worker runs at once.',
      each(({ slots }) => slots),
    ),
    gauge(
      'sluice_worker_tasks_running',
      'Tasks that the worker runs now.',
      each(({ running }) => running),
    ),
    counter(
      'sluice_worker_tasks_total',
      'Starts of tasks that the worker has ended.',
      each(({ processed }) => processed),
    ),
    counter(
      'sluice_worker_tasks_failed_total',
      'Those of them that failed.',
      each(({ failed }) => failed),
    ),
  ]
}

type Samples = Family['samples']
const counter = (name: string, help: string, samples: Samples): Family => ({ name, help, type: 'counter', samples })

const byState = (counts: Standing['tasks']): Samples =>
  counts.map(({ state, count }) => ({ labels: { state }, value: count }))

const byQueue = ({ queues }: Standing, read: (queue: Standing['queues'][number]) => number): Samples =>
  queues.map((one) => ({ labels: { queue: one.queue }, value: read(one) }))
