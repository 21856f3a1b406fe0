import { type Context, Hono } from 'hono'
import { hasTask, listRuns, measurePackedLogs, readPackedLog } from '../../db/api/tasks.ts'
import { logFileName } from '../../log/task-log-path.ts'
import type { Env } from '../env.ts'
import { answerLogFile } from './answers.ts'
import { type FollowEvent, followAttempt } from './follow.ts'
import type { ApiPorts } from './ports.ts'
import { getAttempt, ID, missing } from './query.ts'

/** Routes under `/api/logs`, as Digdag's client reads them: a gzip file for each start of a task. */
export function logRoutes({ sql }: Pick<ApiPorts, 'sql'>) {
  return new Hono<Env>()
    .get(`/:id${ID}/files`, async (c) => {
      const { id } = await getAttempt(sql, c.req.param('id'))
      const runs = await listRuns(sql, id, c.req.query('task'))
      const sizes = await measurePackedLogs(
        sql,
        runs.map(({ logId }) => logId),
      )
      return c.json({ files: runs.map((run) => answerLogFile(run, sizes.get(run.logId) ?? 0)) })
    })
    .get(`/:id${ID}/files/:name{.+}`, async (c) => {
      const { id } = await getAttempt(sql, c.req.param('id'))
      const name = c.req.param('name')
      const run = (await listRuns(sql, id)).find((each) => logFileName(each) === name)
      if (run === undefined) throw missing(`log file name=${name} in attempt id=${id}`, `sluice log ${id}`)
      return c.body(new Uint8Array(await readPackedLog(sql, run.logId)), 200, { 'content-type': 'application/gzip' })
    })
}

/**
 * `/api/attempts/{id}/tasks/{task}/log`: the bytes of a task, all its starts one behind the other.
 * `/api/attempts/{id}/follow`: a line of JSON for every move and every piece of log. `?follow` goes on until the end.
 */
export function streamRoutes({ sql, hints }: Pick<ApiPorts, 'sql' | 'hints'>) {
  const follow = async (c: Context, task: string | undefined) => {
    const { id, finishedAt } = await getAttempt(sql, c.req.param('id') ?? '')
    const isFollowing = c.req.query('follow') !== undefined
    const mayCome = isFollowing && finishedAt === null // its operators may generate it yet
    if (task !== undefined && !mayCome && !(await hasTask(sql, id, task)))
      throw missing(`task ${task} in attempt id=${id}`, `sluice tasks ${id}`)
    return followAttempt({ sql, hints }, id, { task, isFollowing, signal: c.req.raw.signal })
  }
  return new Hono<Env>()
    .get(`/:id${ID}/tasks/:task/log`, async (c) => streamBytes(c, onlyBytes(await follow(c, c.req.param('task')))))
    .get(`/:id${ID}/follow`, async (c) => streamLines(c, await follow(c, c.req.query('task'))))
}

async function* onlyBytes(events: AsyncIterable<FollowEvent>): AsyncGenerator<Uint8Array> {
  for await (const event of events) if (event.kind === 'log') yield Buffer.from(event.bytes, 'base64')
}

async function* asLines(events: AsyncIterable<FollowEvent>): AsyncGenerator<Uint8Array> {
  for await (const event of events) yield Buffer.from(`${JSON.stringify(event)}\n`)
}

const streamLines = (c: Context, events: AsyncGenerator<FollowEvent>) =>
  c.body(ReadableStream.from(asLines(events)), 200, { 'content-type': 'application/x-ndjson', ...UNBUFFERED })

export const streamBytes = (c: Context, bytes: AsyncGenerator<Uint8Array>) =>
  c.body(ReadableStream.from(bytes), 200, { 'content-type': 'text/plain; charset=utf-8', ...UNBUFFERED })

/** Proxies must hand on each piece at once. A task's output is never run by a browser. */
const UNBUFFERED = {
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
}
