import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import type { Tools } from '../../src/cli/tools.ts'
import type { Ring } from '../../src/queue/wake-ups.ts'
import { openApi } from '../http/api/door.ts'
import { insertLiveDeploy, insertProject } from '../http/api/rows.ts'
import { openTestSchema } from '../support/schema.ts'
import { openDesk, runReally } from './desk.ts'

/** Never looked at: helping needs nothing. */
const none = {} as Tools
const commands = createProgram(none).commands.filter((command) => command.name() !== 'help')
const helpOf = (name: string) => openDesk(() => new Response()).sluice(name, '--help')
const EXAMPLE = /^ {2}\$ (.+?) {2,}\S.*$/gm

const { sql, drop } = await openTestSchema('cli-examples')
let deploy: string
let api: Awaited<ReturnType<typeof openApi>>

/** What the examples speak of: the project weather with its workflow daily, attempt 12, tasks 345 (+daily+extract) and 346 (+daily+load), token 3. */
beforeAll(async () => {
  await sql`alter table attempts alter column id restart with 12`
  await sql`alter table tasks alter column id restart with 344`
  await sql`alter table tokens alter column id restart with 3`
  const weather = await insertProject(sql, {
    config: { schedule: { 'hourly>': '00:00' }, '+extract': { 'sh>': 'a' }, '+load': { 'sh>': 'b' } },
  })
  api = await openApi(sql, {
    wakeUps: { ring: finishAll },
    linkProject: async ({ name, url, branch, secret }) => ({
      project: name,
      url,
      branch: branch ?? 'main',
      hookUrl: `http://127.0.0.1:8080/hooks/github/${name}`,
      newSecret: secret === null ? 's3cret' : null,
      deployKey: url.startsWith('git@') ? 'ssh-ed25519 AAAA sluice' : null,
      hostKeys: url.startsWith('git@') ? [{ line: 'github.com ssh-ed25519 BBBB', fingerprint: 'SHA256:x' }] : [],
    }),
  })
  const asked = { workflowId: weather.workflowIds[0], sessionTime: '2026-03-01T00:00:00Z', params: {} }
  await api.send('PUT', '/attempts', asked)
  deploy = await insertLiveDeploy(sql, await insertProject(sql, { name: 'hello', workflows: ['hello'] }))
})
afterAll(async () => {
  await api.hints.close()
  await drop()
})

/** A worker that is quick: whatever is rung succeeds at once. */
async function finishAll(rings: readonly Ring[]) {
  for (const { id } of rings) {
    const [task] = await sql<{ attemptId: string }[]>`
      update tasks set state = 'success' where id = ${id} returning attempt_id as "attemptId"`
    await setAttempt(task?.attemptId ?? '', 'success')
  }
}

async function setAttempt(id: string, state: string) {
  const finishedAt = state === 'running' ? null : new Date()
  await sql`update attempts set state = ${state}, finished_at = ${finishedAt}, cancel_requested_at = null, cancel_requested_by = null where id = ${id}`
}

/** How a command must find attempt 12; otherwise it has succeeded. */
const FOUND: Readonly<Record<string, string>> = { kill: 'running', retry: 'error', decide: 'running' }

async function prepare(command: string) {
  await setAttempt('12', FOUND[command] ?? 'success')
  const extract = command === 'decide' ? 'unknown' : 'success'
  const load = command === 'retry' ? 'error' : 'success'
  await sql`update tasks set state = case id when 344 then 'group_error' when 345 then ${extract}::task_state else ${load}::task_state end
    where attempt_id = 12`
}

/** The API, and the one webhook of the demo. */
const answer = (request: Request) =>
  new URL(request.url).pathname.startsWith('/hooks/')
    ? Response.json({ deploy }, { status: 202 })
    : api.app.request(request)

/** Words as a shell reads them; what stands before a pipe goes to the input, which the desk has already. */
const wordsOf = (line: string) =>
  [...(line.split('| ').at(-1) ?? '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

describe.each(commands.map((command) => command.name()))('sluice %s', (name) => {
  it('shows examples, and each of them works', async () => {
    const help = await helpOf(name)
    expect(help.code).toBe(0)
    const lines = [...help.out.matchAll(EXAMPLE)].map(([, line]) => line ?? '')
    expect(lines).not.toEqual([])
    for (const line of lines) {
      const [program, ...words] = wordsOf(line)
      expect([line, program]).toEqual([line, 'sluice'])
      await prepare(name)
      const desk = openDesk(answer, {
        token: api.token,
        input: 's3cret',
        run: (argv, options) =>
          argv.includes('push') ? Promise.resolve({ code: 0, output: '' }) : runReally(argv, options),
      })
      if (name === 'push') await openDeskRepository(desk.folder)
      if (['check', 'graph', 'run'].includes(name)) await desk.sluice('init', 'hello')
      const { code, err } = await desk.sluice(...words)
      expect([line, code, err]).toEqual([line, 0, err])
    }
  })
})

async function openDeskRepository(folder: string) {
  const git = (...words: string[]) => runReally(['git', ...words], { cwd: folder, isShown: false })
  await git('init', '--initial-branch=main')
  await git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--allow-empty', '-m', 'x')
}
