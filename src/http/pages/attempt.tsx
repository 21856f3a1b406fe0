import { type Context, Hono } from 'hono'
import { cancelAttempt } from '../../app/cancel-attempt.ts'
import { decideUnknown } from '../../app/decide-unknown.ts'
import type { AttemptPorts } from '../../app/finish-task.ts'
import { retryAttempt } from '../../app/retry-attempt.ts'
import type { AttemptId, LogId, TaskId } from '../../brand.ts'
import { findAttemptIdOf } from '../../db/attempts.ts'
import type { Topic } from '../../db/hints.ts'
import { findAttemptToRetry, findShownAttempt, listQueueWorkers, listShownTasks } from '../../db/pages/attempt.ts'
import { Refusal } from '../../refusal.ts'
import type { ShownTask } from '../../shown/attempt.ts'
import type { AttemptPageProps } from '../../ui/attempt.ts'
import { AttemptAside } from '../../ui/attempt-aside.tsx'
import { AttemptPage, attemptParts, LogTitle } from '../../ui/attempt-page.tsx'
import { LogFoot } from '../../ui/log.tsx'
import { attemptPath } from '../../ui/shell.tsx'
import type { Env } from '../env.ts'
import { followPage, type Look } from '../events.ts'
import { writePage } from '../page.ts'
import { LogReader, readLastLines, readLogTail } from '../read-log.tsx'
import { readForm } from '../security.ts'
import { type PagePorts, readView, viewWithoutRail } from '../view.ts'

type Ports = PagePorts & { readonly attempts: AttemptPorts }

const LAST_LINES = 6
const ID = ':id{\\d{1,18}}'

export function attemptRoutes(ports: Ports) {
  const attemptId = (c: Context) => c.req.param('id') as AttemptId // the route checked that it is a number
  return new Hono<Env>()
    .get(`/attempts/${ID}`, async (c) => {
      const read = await readAttempt(ports, attemptId(c), c.req.query('task'))
      const logId = logOf(read.selected)
      const props = { ...read, log: logId === null ? null : await readLogTail(ports.sql, logId) }
      return writePage(c, AttemptPage({ view: await readView(c, ports, attemptPath(attemptId(c))), props }))
    })
    .get(`/events/attempts/${ID}`, (c) => {
      const id = attemptId(c)
      const reader = new LogReader(c)
      const look = () => lookAt(c, ports, reader, id)
      return followPage(c, { ports, topics: () => topicsOf(id, reader), everyMs: 5000, look })
    })
    .post(`/attempts/${ID}/kill`, async (c) => {
      await cancelAttempt(ports.attempts, attemptId(c), c.get('user').name, ports.now())
      return c.redirect(attemptPath(attemptId(c)), 303)
    })
    .post(`/attempts/${ID}/retry`, async (c) => c.redirect(attemptPath(await retry(ports, c, attemptId(c))), 303))
    .post(`/tasks/${ID}/decide`, async (c) => {
      const taskId = c.req.param('id') as TaskId // as above
      const { as } = await readForm(c)
      if (as !== 'success' && as !== 'error' && as !== 'retry')
        throw new Refusal('invalid', 'A task is decided as success, error or retry', 'Use the buttons of its attempt.')
      await decideUnknown(ports.attempts, { taskId, as, who: c.get('user').name }, ports.now())
      return c.redirect(attemptPath((await findAttemptIdOf(ports.sql, taskId)) ?? ''), 303)
    })
}

async function readAttempt(
  { sql, now }: Ports,
  id: AttemptId,
  task: string | undefined,
): Promise<Omit<AttemptPageProps, 'log'>> {
  const attempt = await findShownAttempt(sql, id, now()) // before the tasks: of an attempt that is over here, they have all ended
  if (attempt === undefined)
    throw new Refusal('not_found', `There is no attempt ${id}`, 'Look for it on the page of its workflow.')
  const [tasks, queues] = await Promise.all([listShownTasks(sql, id), listQueueWorkers(sql, id, now())])
  const failed = logOf(tasks.find(({ state }) => state === 'error') ?? null)
  const lastLines = failed === null ? [] : await readLastLines(sql, failed, LAST_LINES)
  return {
    attempt,
    tasks,
    queues,
    lastLines,
    selected: tasks.find((one) => one.id === task) ?? worthReading(tasks),
    isChosen: task !== undefined,
  }
}

/** What somebody who opens the page wants to read: what failed, else what runs, else what ran last. */
function worthReading(tasks: readonly ShownTask[]): ShownTask | null {
  const readable = tasks.filter(({ logId }) => logId !== null)
  const failed = readable.find(({ state }) => state === 'error')
  return failed ?? readable.find(({ state }) => state === 'running') ?? readable.at(-1) ?? null
}

async function lookAt(c: Context<Env>, ports: Ports, reader: LogReader, id: AttemptId): Promise<Look> {
  const read = await readAttempt(ports, id, c.req.query('task'))
  const view = viewWithoutRail(c, ports, attemptPath(id))
  const { selected } = read
  const title = selected === null ? null : LogTitle({ task: selected })
  const label = `Log of ${selected?.fullName}`
  const { tail, news } = await reader.read(ports.sql, logOf(selected), { zone: view.zone, title, label })
  const logParts = selected === null || tail === null ? {} : { 'log-title': title ?? '', 'log-foot': LogFoot({ tail }) }
  return {
    parts: {
      ...attemptParts({ view, props: { ...read, log: tail } }),
      ...logParts,
      aside: AttemptAside({ view, attempt: read.attempt }),
    },
    log: news,
    isOver: read.attempt.finishedAt !== null && tail?.isClosed !== false,
  }
}

const logOf = (task: ShownTask | null) => (task?.logId ?? null) as LogId | null // as the database gave it

const topicsOf = (id: AttemptId, { shownId }: LogReader): readonly Topic[] =>
  shownId === undefined ? [`attempt:${id}`] : [`attempt:${id}`, `log:${shownId}`]

/** A new attempt of the same session, of what is live now; its name is its place, so that a double click makes one. */
async function retry({ sql, attempts, now }: Ports, c: Context<Env>, id: AttemptId): Promise<AttemptId> {
  const { from } = await readForm(c)
  const old = await findAttemptToRetry(sql, id)
  if (old === undefined)
    throw new Refusal('not_found', `There is no attempt ${id}`, 'Look for it on the page of its workflow.')
  const again = {
    attemptId: id,
    workflowId: old.workflowId,
    retryName: `retry-${old.attempts}`,
    params: {},
    resume: from === 'failed' ? ({ mode: 'failed' } as const) : null,
    startedBy: c.get('user').name,
  }
  const { attemptId } = await retryAttempt(attempts, again, now())
  return attemptId
}
