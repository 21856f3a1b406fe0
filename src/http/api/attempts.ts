import { type Context, Hono } from 'hono'
import { cancelAttempt } from '../../app/cancel-attempt.ts'
import { retryAttempt } from '../../app/retry-attempt.ts'
import { type Started, startAttempt } from '../../app/start-attempt.ts'
import type { AttemptId } from '../../brand.ts'
import { type AttemptRow, listAttempts } from '../../db/api/attempts.ts'
import { listTasks } from '../../db/api/tasks.ts'
import type { Sql } from '../../db/sql.ts'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import { answerAttempt, answerTask } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { findProjectIdOf, getAttempt, ID, readBody, readCount, readFlag, readId } from './query.ts'
import { sayJson } from './say-json.ts'
import { planRetry, readStart } from './start.ts'

/** Routes under `/api/attempts`. A conflict is no error: it answers the attempt that was there first. */
export function attemptRoutes(ports: ApiPorts) {
  const { sql, now } = ports
  const answer = async (c: Context<Env>, { kind, attemptId }: Started) => {
    const attempt = await getAttempt(sql, attemptId)
    return kind === 'started' ? sayJson(c, answerAttempt(asStarted(attempt))) : sayJson(c, answerAttempt(attempt), 409)
  }
  return new Hono<Env>()
    .get('/', async (c) =>
      sayJson(c, { attempts: (await listAttempts(sql, await readPage(sql, c))).map(answerAttempt) }),
    )
    .put('/', async (c) => {
      const request = { ...(await readStart(sql, await readBody(c))), startedBy: c.get('user').name }
      return answer(c, await startAttempt(ports, request, now()))
    })
    .get(`/:id${ID}`, async (c) => sayJson(c, answerAttempt(await getAttempt(sql, c.req.param('id')))))
    .get(`/:id${ID}/retries`, async (c) => {
      const { sessionId } = await getAttempt(sql, c.req.param('id'))
      const rows = await listAttempts(sql, { sessionId, isRetriedIncluded: true, count: 1000 })
      return sayJson(c, { attempts: rows.map(answerAttempt) })
    })
    .get(`/:id${ID}/tasks`, async (c) => {
      const { id } = await getAttempt(sql, c.req.param('id'))
      return sayJson(c, { tasks: (await listTasks(sql, id)).map(answerTask) })
    })
    .post(`/:id${ID}/kill`, async (c) => {
      const attempt = await getAttempt(sql, c.req.param('id')) // Digdag answers it as it was before
      const outcome = await cancelAttempt(ports, attempt.id, c.get('user').name, now())
      if (outcome === 'already over') throw alreadyOver(attempt.id)
      return sayJson(c, answerAttempt(attempt))
    })
    .post(`/:id${ID}/retry`, async (c) => {
      const attempt = await getAttempt(sql, c.req.param('id'))
      const retry = { ...(await planRetry(sql, attempt, await readBody(c))), startedBy: c.get('user').name }
      const started = await retryAttempt(ports, retry, now())
      if (started.kind === 'conflict') throw nameTaken(retry.retryName, started.attemptId)
      return answer(c, started)
    })
}

/** As it was when it began: by now it may be over. */
const asStarted = (attempt: AttemptRow): AttemptRow => ({ ...attempt, state: 'running', finishedAt: null })

async function readPage(sql: Sql, c: Context) {
  return {
    projectId: await findProjectIdOf(sql, c.req.query('project')),
    workflow: c.req.query('workflow'),
    isRetriedIncluded: readFlag(c, 'include_retried'),
    lastId: readId(c, 'last_id'),
    count: readCount(c, 'page_size', 100),
  }
}

const alreadyOver = (id: AttemptId) =>
  new Refusal('conflict', 'Session attempt already killed or finished', `See how it ended: sluice tasks ${id}`)

const nameTaken = (name: string, id: AttemptId) =>
  new Refusal('conflict', `The session has an attempt named ${name} already: ${id}`, 'Choose another name, or none.')
