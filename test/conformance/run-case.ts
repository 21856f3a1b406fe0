import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { type Case, packProject, type Then } from './cases.ts'
import type { Answer, Raw, RawRun } from './normalise.d.mts'

/** Sends a request to a server, signed in. */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Response>

type Named = { readonly id: string; readonly name: string }
type Attempt = { readonly id: string; readonly done: boolean }

/** Does with one project what was done with it on a real Digdag, and collects the answers. */
export async function runCase(ask: Ask, one: Case): Promise<Raw> {
  const project = `${one.name}-${crypto.randomUUID().slice(0, 6)}`.toLowerCase().replaceAll('_', '-')
  const push = await pushProject(ask, project, one)
  if (push.status !== 200) return { project, push }
  const { id } = push.body as Named
  const workflows = await read(ask, `/api/projects/${id}/workflows`)
  const schedules = await read(ask, `/api/projects/${id}/schedules`)
  for (const [key, value] of Object.entries(one.secrets ?? {}))
    await ask('PUT', `/api/projects/${id}/secrets/${key}`, { value })
  const found = (workflows.body as { workflows: Named[] }).workflows.find(({ name }) => name === one.start)
  const attempts = found === undefined ? [] : await runAttempts(ask, one, found.id)
  const others = await readOthers(ask, project, attempts)
  return { project, push, workflows, schedules, attempts, ...(others.length > 0 && { others }) }
}

async function pushProject(ask: Ask, project: string, one: Case): Promise<Answer> {
  const query = new URLSearchParams({ project, revision: 'r1', schedule_from: '2030-01-15T10:20:30Z' })
  return answerOf(await ask('PUT', `/api/projects?${query}`, await packProject(one)))
}

async function runAttempts(ask: Ask, one: Case, workflowId: string): Promise<readonly RawRun[]> {
  const request = { workflowId, sessionTime: one.session, params: one.params ?? {} }
  const start = async (retryAttemptName: string | null, resume: unknown) =>
    answerOf(await ask('PUT', '/api/attempts', { ...request, retryAttemptName, resume }))
  const first = await start(null, null)
  const steps = one.then ?? []
  const runs = [await finish(ask, first, steps.find(isKill))]
  for (const { retry, name } of steps.filter(isRetry)) {
    const last = runs.findLast((run) => run.start?.status === 200)
    const attemptId = (last?.start?.body as Attempt | undefined)?.id
    runs.push(await finish(ask, await start(name, resumeOf(retry, attemptId))))
  }
  return runs
}

const isKill = (step: Then) => 'kill_when' in step
const isRetry = (step: Then) => 'retry' in step

type Retry = Extract<Then, { retry: unknown }>['retry']

function resumeOf(retry: Retry, attemptId: string | undefined) {
  if (retry === 'all') return null
  return retry === 'resume' ? { mode: 'failed', attemptId } : { mode: 'from', attemptId, from: retry.from }
}

async function finish(ask: Ask, start: Answer, kill?: Extract<Then, { kill_when: unknown }>): Promise<RawRun> {
  if (start.status !== 200) return { start }
  const { id } = start.body as Attempt
  const killed = kill === undefined ? undefined : await killWhen(ask, id, kill.kill_when)
  await (await ask('GET', `/api/attempts/${id}/follow?follow`)).text() // it ends with the attempt
  return { start, ...(killed && { kill: killed }), ...(await readAttempt(ask, id)) }
}

/** How long Digdag was given to begin a task's command after its state said so. */
const BEGUN_MS = 3_000

async function killWhen(ask: Ask, id: string, states: Readonly<Record<string, string>>): Promise<Answer> {
  const isThere = async () => {
    const tasks = (await tasksOf(ask, id)).map(({ fullName, state }) => [fullName, state])
    const now = Object.fromEntries(tasks)
    return Object.entries(states).every(([name, state]) => now[name] === state)
  }
  while (!(await isThere())) await pause(50)
  await pause(BEGUN_MS)
  return answerOf(await ask('POST', `/api/attempts/${id}/kill`, {}))
}

async function tasksOf(ask: Ask, id: string) {
  const { body } = await read(ask, `/api/attempts/${id}/tasks`)
  return (body as { tasks: { fullName: string; state: string }[] }).tasks
}

async function readAttempt(ask: Ask, id: string): Promise<RawRun> {
  const [attempt, tasks] = [await read(ask, `/api/attempts/${id}`), await read(ask, `/api/attempts/${id}/tasks`)]
  const files = await read(ask, `/api/logs/${id}/files`)
  const logs: Record<string, string> = {}
  for (const { fileName } of (files.body as { files: { fileName: string }[] }).files) {
    const file = await ask('GET', `/api/logs/${id}/files/${encodeURIComponent(fileName)}`)
    const packed = Buffer.from(await file.arrayBuffer())
    logs[fileName] = packed.length === 0 ? '' : gunzipSync(packed).toString() // a run that says nothing leaves nothing
  }
  return { attempt, tasks, files, logs }
}

/** Attempts that nobody started by hand, oldest first. */
async function readOthers(ask: Ask, project: string, own: readonly RawRun[]): Promise<readonly RawRun[]> {
  const ids = new Set(own.map(({ start }) => (start?.body as Attempt | undefined)?.id))
  const { body } = await read(ask, `/api/attempts?project=${project}&include_retried=true`)
  const others = (body as { attempts: Attempt[] }).attempts.filter(({ id }) => !ids.has(id)).reverse()
  return Promise.all(others.map(({ id }) => readAttempt(ask, id)))
}

const read = async (ask: Ask, path: string) => answerOf(await ask('GET', path))

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return { status: response.status, body: isJson ? JSON.parse(text) : text }
}
