import { spawnSync } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine, type Figure, renderTable } from './figures.ts'
import { type Backend, Installation, run } from './installation.ts'

// What a person waits for: a push to its first output, forty tasks in a row, a start to its first page. Docker executor, both queue backends.

const TASKS = 40
/** Of `docker run`, in each repeat. */
const CONTAINERS = 5
const IMAGE = 'sluice/base'
const TARGETS = { push: 1500, tasks: 3000, start: 3000 }
const PARTS = ['start', 'push', 'tasks']

type Samples = Map<string, number[]>
type Wanted = { readonly repeats: number; readonly parts: readonly string[] }

async function measure(backend: Backend, { repeats, parts }: Wanted): Promise<readonly Figure[]> {
  const installation = await Installation.make(backend)
  const samples: Samples = new Map()
  try {
    note(samples, 'first start of all (makes the database)', await installation.start())
    await installation.ready()
    const project = await makeProject(installation)
    for (let round = 0; round < repeats; round += 1) {
      dockerRun(samples, 'bridge')
      dockerRun(samples, 'none')
      if (parts.includes('push')) await measurePush(installation, project, samples)
      if (parts.includes('tasks')) await measureTasks(installation, samples)
      if (parts.includes('start')) await measureStarts(installation, samples)
    }
  } finally {
    await installation.remove()
  }
  return figuresOf(samples)
}

const note = (samples: Samples, what: string, ms: number) => samples.set(what, [...(samples.get(what) ?? []), ms])

/** What the same work costs with a container for each task. */
function dockerRun(samples: Samples, network: 'bridge' | 'none') {
  const from = performance.now()
  for (let i = 0; i < CONTAINERS; i += 1) {
    const { status } = spawnSync('docker', ['run', '--rm', '--network', network, IMAGE, 'true'])
    if (status !== 0) throw new Error(`docker run ${IMAGE} failed: make the image with scripts/base-image`)
  }
  note(samples, `docker run --network ${network}`, (performance.now() - from) / CONTAINERS)
}

/** Made as the tour in README.md makes one, so that a push asks our own credential helper. */
async function makeProject(installation: Installation): Promise<string> {
  const folder = join(installation.home, 'bench')
  installation.sluice('init', folder)
  const steps = Array.from({ length: TASKS }, (_, at) => `+t${at}:\n  sh>: 'true'\n`)
  await writeFile(join(folder, 'forty.dig'), steps.join('\n'))
  await writeFile(join(folder, 'say.dig'), '+say:\n  sh>: ./say.sh\n')
  await writeFile(join(folder, 'say.sh'), 'echo "said"\n', { mode: 0o755 })
  commit(folder)
  run('git', ['push', '--quiet', 'sluice', 'main'], folder)
  return folder
}

function commit(folder: string) {
  run('git', ['add', '--all'], folder)
  run('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '-m', 'bench'], folder)
}

/** From the start of `git push` to the task's own first byte in PostgreSQL; the workflow is started over the API as soon as the push returns. */
async function measurePush(installation: Installation, folder: string, samples: Samples) {
  const [sql, api] = [await installation.openDatabase(), await installation.openApi()]
  await appendFile(join(folder, 'say.sh'), '# another version\n')
  commit(folder)
  const from = performance.now()
  run('git', ['push', '--quiet', 'sluice', 'main'], folder)
  const pushed = performance.now()
  const id = await startWorkflow(api, 'say')
  const find = async () => {
    const [row] = await sql`
      select logs.id from tasks join task_runs on task_id = tasks.id join logs on logs.id = task_runs.log_id
      where attempt_id = ${id} and taken > 0`
    return row
  }
  await heard(sql, find)
  note(samples, 'git push alone', pushed - from)
  note(samples, 'git push to first output', performance.now() - from)
  await heard(sql, () => findEnd(sql, id))
  await sql.end()
}

/** By the engine's own clock, from the attempt's creation to its end. */
async function measureTasks(installation: Installation, samples: Samples) {
  const [sql, api] = [await installation.openDatabase(), await installation.openApi()]
  const id = await startWorkflow(api, 'forty')
  const end = await heard(sql, () => findEnd(sql, id))
  await sql.end()
  if (end.state !== 'success') throw new Error(`attempt ${id} ended as ${end.state}`)
  note(samples, `${TASKS} tasks`, end.total)
  note(samples, 'of these, until the first task', end.opening)
  note(samples, 'each task thereafter', (end.total - end.opening) / TASKS)
}

type Sql = Awaited<ReturnType<Installation['openDatabase']>>
type Api = Awaited<ReturnType<Installation['openApi']>>
type End = { readonly state: string; readonly total: number; readonly opening: number }

async function findEnd(sql: Sql, id: string): Promise<End | undefined> {
  const [row] = await sql<End[]>`
    select state, extract(epoch from finished_at - created_at)::float8 * 1000 as total,
      extract(epoch from (select min(started_at) from tasks where attempt_id = attempts.id) - created_at)::float8 * 1000 as opening
    from attempts where id = ${id} and finished_at is not null`
  return row
}

/** Looks again whenever the engine says that something has changed: what it says comes with the commit. */
async function heard<Found>(sql: Sql, find: () => Promise<Found | undefined>): Promise<Found> {
  let look = () => {}
  const { unlisten } = await sql.listen('sluice', () => look())
  try {
    return await new Promise<Found>((resolve, reject) => {
      look = () => void find().then((found) => found !== undefined && resolve(found), reject)
      look()
    })
  } finally {
    await unlisten()
  }
}

async function startWorkflow(api: Api, name: string): Promise<string> {
  const { workflows } = await api<{ workflows: { id: string; name: string }[] }>('GET', 'workflows')
  const sessionTime = new Date(Date.now() - 1000 * Math.floor(Math.random() * 1e7)).toISOString()
  const body = { workflowId: workflows.find((one) => one.name === name)?.id, sessionTime, params: {} }
  return (await api<{ id: string }>('PUT', 'attempts', body)).id
}

async function measureStarts(installation: Installation, samples: Samples) {
  await installation.stop('SIGTERM')
  note(samples, 'scripts/up to first page', await installation.start())
  await installation.ready()
  await installation.stop('SIGKILL')
  note(samples, 'scripts/up after kill -9', await installation.start())
  await installation.ready()
}

function figuresOf(samples: Samples): readonly Figure[] {
  const bridge = samples.get('docker run --network bridge') ?? []
  const times = (count: number) => bridge.map((ms) => ms * count)
  const more: Record<string, Partial<Figure>> = {
    'git push to first output': { target: TARGETS.push, baseline: bridge },
    [`${TASKS} tasks`]: { target: TARGETS.tasks, baseline: times(TASKS) },
    'each task thereafter': { baseline: bridge },
    'scripts/up to first page': { target: TARGETS.start },
    'scripts/up after kill -9': { target: TARGETS.start },
  }
  return [...samples].map(([what, ms]) => ({ what, ms, target: null, baseline: null, ...more[what] }))
}

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '5' },
    only: { type: 'string', default: PARTS.join(',') },
    queue: { type: 'string', default: 'postgres,redis' },
  },
})
console.log(describeMachine())
for (const backend of values.queue.split(',') as Backend[]) {
  const wanted = { repeats: Number(values.repeats), parts: values.only.split(',') }
  const figures = await measure(backend, wanted)
  console.log(`\nQueue on ${backend}, ${wanted.repeats} repeats\n\n${renderTable(figures)}`)
}
console.log(`\n${describeMachine()}`)
