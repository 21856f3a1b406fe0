import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { describeMachine, type Figure, renderTable } from './figures.ts'
import { type Backend, Installation } from './installation.ts'

// A thousand schedules due in one second, started by two webs, with both alive and with one killed in the middle.

const MANY = 1000
const TARGET = 5000
const CONFIG = { schedule: { 'daily>': '07:00:00' }, '+a': { 'sh>': 'true' } }

type Sql = Awaited<ReturnType<Installation['openDatabase']>>

async function measure(backend: Backend, repeats: number): Promise<readonly Figure[]> {
  const [both, killed]: [number[], number[]] = [[], []]
  for (let round = 0; round < repeats; round += 1) {
    both.push(await measureOnce(backend, false))
    killed.push(await measureOnce(backend, true))
  }
  const figure = (what: string, ms: readonly number[]) => ({ what, ms, target: TARGET, baseline: null })
  return [figure(`${MANY} schedules, two webs`, both), figure(`${MANY} schedules, one of two webs killed`, killed)]
}

/** From the second in which they are due to the last session in PostgreSQL. */
async function measureOnce(backend: Backend, mustKill: boolean): Promise<number> {
  const installation = await Installation.make(backend)
  let web: Awaited<ReturnType<Installation['startWeb']>> | undefined
  try {
    await installation.start()
    web = await installation.startWeb()
    const sql = await installation.openDatabase()
    const dueAt = await insertDue(sql)
    if (mustKill) {
      await until(sql, 1)
      web.kill('SIGKILL')
    }
    await until(sql, MANY)
    const ms = Date.now() - dueAt.getTime()
    await checkOnce(sql)
    await sql.end()
    return ms
  } finally {
    if (web !== undefined && web.exitCode === null && web.signalCode === null) {
      web.kill('SIGKILL')
      await once(web, 'exit')
    }
    await installation.remove()
  }
}

async function until(sql: Sql, sessions: number) {
  const count = async () => Number((await sql`select count(*) from attempts`)[0]?.count)
  while ((await count()) < sessions) await sleep(10)
}

async function checkOnce(sql: Sql) {
  const [seen] = await sql<[{ attempts: number; workflows: number }]>`
    select count(*)::int as attempts, count(distinct workflow_id)::int as workflows from attempts`
  if (seen.attempts !== MANY || seen.workflows !== MANY) throw new Error(`not each once: ${JSON.stringify(seen)}`)
}

/** Due a second from now, or a little later. */
async function insertDue(sql: Sql): Promise<Date> {
  const digest = `sha256:${'0'.repeat(64)}`
  const now = new Date()
  const dueAt = new Date(Math.ceil((now.getTime() + 1000) / 1000) * 1000)
  await sql.begin(async (tx) => {
    await tx`insert into sources (digest, bytes, md5, created_at) values (${digest}, 0, '', ${now})`
    const [project] = await tx<[{ id: string }]>`
      insert into projects (name, created_at) values ('many', ${now}) returning id`
    const [revision] = await tx<[{ id: string }]>`
      insert into revisions (project_id, number, name, source_digest, plan, created_at, created_by)
      values (${project.id}, 1, 'r1', ${digest}, '{}', ${now}, 'bench') returning id`
    await tx`
      insert into workflows (project_id, revision_id, name, timezone, config)
      select ${project.id}, ${revision.id}, 'wf-' || number, 'Europe/Berlin', ${JSON.stringify(CONFIG)}::text::json
      from generate_series(1, ${MANY}::int) as number`
    await tx`
      insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, created_at, updated_at)
      select project_id, id, name, ${dueAt}, date_trunc('day', ${dueAt}::timestamptz, 'Europe/Berlin'), ${now}, ${now} from workflows`
  })
  return dueAt
}

const { values } = parseArgs({
  options: { repeats: { type: 'string', default: '3' }, queue: { type: 'string', default: 'postgres,redis' } },
})
process.env.SLUICE_QUEUES = 'nobody' // it is the webs that are looked at: nothing of it is run
console.log(describeMachine())
for (const backend of values.queue.split(',') as Backend[]) {
  const figures = await measure(backend, Number(values.repeats))
  console.log(`\nQueue on ${backend}, ${values.repeats} repeats\n\n${renderTable(figures)}`)
}
console.log(`\n${describeMachine()}`)
