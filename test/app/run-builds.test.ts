import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openAdmission } from '../../src/app/admission.ts'
import { openEnsureImage } from '../../src/app/ensure-image.ts'
import { requireImage } from '../../src/app/require-image.ts'
import { rescueBuilds } from '../../src/app/rescue-builds.ts'
import { type Builds, openBuilds } from '../../src/app/run-builds.ts'
import type { BuildId, LogId, ProjectId } from '../../src/brand.ts'
import { claimBuild, findBuild } from '../../src/db/builds.ts'
import { findImageForUse } from '../../src/db/images.ts'
import { getLogState, listLogChunks } from '../../src/db/logs.ts'
import { insertSource, readSource } from '../../src/db/sources.ts'
import { openImageBuilder } from '../../src/docker/build.ts'
import { findEngine } from '../../src/docker/engine.ts'
import { Refusal } from '../../src/refusal.ts'
import { planOf } from '../environment/source-files.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openTestSchema } from '../support/schema.ts'
import { tarGzOf } from '../support/source.ts'

const { sql, drop } = await openTestSchema('run-builds')
afterAll(drop)
const engine = await findEngine()
if (engine instanceof Refusal) throw engine
const { docker } = engine
const builder = openImageBuilder(docker, { extraCa: '', proxies: {} })
const now = () => new Date('2026-03-28T06:00:00Z')
const project = `builds-${process.pid}`
const bugs: unknown[] = []
const ports = {
  sql,
  workerName: 'w1',
  builder,
  now,
  readSource: (digest: Parameters<typeof readSource>[1]) => readSource(sql, digest),
  onBug: (error: unknown) => bugs.push(error),
}
const OPTIONS = { workerId: '1', baseImage: 'sluice/base' }

afterAll(async () => {
  const images = await docker.listImages({ filters: { reference: [`sluice/${project}`] } })
  for (const tag of images.flatMap(({ RepoTags }) => RepoTags ?? [])) await docker.getImage(tag).remove({ force: true })
})

eachBackend('builds', (open, backend) => {
  const hello = `${backend} ${process.pid}` // the engine has not built it before
  let projectId: ProjectId
  const builds: Builds[] = []
  const wakeUps: Awaited<ReturnType<typeof open>>[] = []
  beforeEach(async () => {
    await sql`truncate projects, images, base_images, builds, sources cascade`
    const [row] = await sql<[{ id: ProjectId }]>`
      insert into projects (name, created_at) values (${project}, ${now()}) returning id`
    projectId = row.id
    wakeUps.push(await open())
  })
  afterEach(async () => {
    await Promise.all(builds.splice(0).map((one) => one.close()))
    await Promise.all(wakeUps.splice(0).map((one) => one.close()))
    expect(bugs.splice(0)).toEqual([])
  })

  const bell = () => {
    const [one] = wakeUps
    if (one === undefined) throw new Error('no wake-ups')
    return one
  }
  async function hire(options: Partial<Parameters<typeof openBuilds>[1]> = {}) {
    const worker = await openBuilds(ports, { ...OPTIONS, ...options })
    builds.push(worker)
    return worker
  }
  async function need(files: Record<string, string>) {
    const planned = planOf(files)
    if (planned.kind !== 'planned') throw new Error(planned.message)
    const tarGz = await tarGzOf(files)
    const sourceDigest = await sql.begin((tx) => insertSource(tx, tarGz, now()))
    const image = await requireImage({ sql, wakeUps: bell() }, { projectId, plan: planned.plan, sourceDigest }, now())
    return { image, need: { imageKey: image.imageKey, plan: planned.plan, sourceDigest } }
  }
  const queued = async (files: Record<string, string>) => {
    const { image, ...rest } = await need(files)
    if (image.kind !== 'building') throw new Error('it is known')
    return { ...rest, image }
  }
  const ended = (id: BuildId) =>
    vi.waitUntil(async () => {
      const build = await findBuild(sql, id)
      return build?.finishedAt == null ? undefined : build
    }, 20_000)
  const logOf = async (id: LogId) =>
    Buffer.concat((await listLogChunks(sql, id, 0)).map(({ bytes }) => bytes)).toString()

  it('are heard of, logged and known afterwards: code alone builds nothing', async () => {
    const worker = await hire()
    bell().hear(['build'], () => worker.look())
    const { image } = await queued({ Dockerfile: `FROM sluice/base\nRUN echo ${hello}\n`, 'main.py': '1' })
    expect(await ended(image.buildId)).toMatchObject({ state: 'success', problem: null })
    expect(await logOf(image.logId)).toBe(`Step 1/2 : FROM sluice/base\nStep 2/2 : RUN echo ${hello}\n${hello}\n`)
    expect((await getLogState(sql, image.logId)).closedAt).not.toBeNull()
    const { image: again } = await need({ Dockerfile: `FROM sluice/base\nRUN echo ${hello}\n`, 'main.py': '2' })
    expect(again).toEqual({ kind: 'known', imageKey: image.imageKey })
  })

  it('that fail say in one line why', async () => {
    const { image } = await queued({ Dockerfile: 'FROM sluice/base\nRUN exit 3\n' })
    await (await hire()).look()
    const problem = 'Step 2/2 failed with exit code 3: RUN exit 3'
    expect(await ended(image.buildId)).toMatchObject({ state: 'error', problem })
    expect(await logOf(image.logId)).toContain(`! ${problem}\n! The lines above it tell why`)
  })

  it('go on one after the other, without another ring', async () => {
    const all = [1, 2, 3].map((n) => queued({ Dockerfile: `FROM sluice/base\nENV N=${n}\n` }))
    const images = await Promise.all(all)
    await (await hire()).look()
    for (const { image } of images) expect(await ended(image.buildId)).toMatchObject({ state: 'success' })
  })

  it('are given back by a worker that shuts down', async () => {
    const { image } = await queued({ Dockerfile: 'FROM sluice/base\nRUN echo go; sleep 100\n' })
    const worker = await hire()
    await worker.look()
    await vi.waitUntil(async () => (await logOf(image.logId)).includes('\ngo\n'), 10_000)
    await worker.close()
    expect(await findBuild(sql, image.buildId)).toMatchObject({ state: 'queued' })
    expect(await logOf(image.logId)).toContain('The worker shuts down')
  })

  it('of a lost worker are queued again and rung for, three times', async () => {
    const { image } = await queued({ 'a.dig': '' })
    for (const state of ['queued', 'queued', 'error']) {
      await claimBuild(sql, { workerId: '1', leaseMs: -1 })
      const rings = await rescueBuilds(sql, now())
      expect(await findBuild(sql, image.buildId)).toMatchObject({ state })
      expect(rings.map(({ id }) => id)).toEqual(state === 'queued' ? [image.buildId] : [])
    }
  })

  it('that the engine cannot do are tried again, and then fail without blame for the project', async () => {
    const { image } = await queued({ 'a.dig': '' })
    const why = { problem: 'The disk of the Docker engine is full', hint: 'Free some of it' }
    const ill = { ...builder, build: async () => ({ kind: 'broken', ...why }) as const }
    const admission = openAdmission()
    const worker = await openBuilds({ ...ports, builder: ill, admission }, OPTIONS)
    builds.push(worker)
    await worker.look()
    for (const _ of [1, 2]) {
      await vi.waitUntil(async () => admission.problem !== null, 10_000)
      expect(admission.problem).toMatch(/^The disk of the Docker engine is full\. /)
      await vi.waitUntil(async () => (await findBuild(sql, image.buildId))?.state === 'queued', 10_000)
      admission.tell('engine', null) // as its watch does when it finds it well
    }
    expect(await ended(image.buildId)).toMatchObject({ state: 'error', ...why })
    expect(await logOf(image.logId)).toBe(
      `${`${why.problem}. The next worker builds this from the start\n`.repeat(2)}! ${why.problem}\n! ${why.hint}\n`,
    )
  })

  it('with a step that is killed are tried three times, and keep nothing else from this worker', async () => {
    const { image } = await queued({ 'a.dig': '' })
    const why = { problem: 'Step 2/3 was killed (exit code 137): RUN make', hint: 'Let it need less' }
    const admission = openAdmission()
    const heard: (string | null)[] = []
    admission.onChange(() => heard.push(admission.problem))
    const ill = { ...builder, build: async () => ({ kind: 'killed', ...why }) as const }
    const worker = await openBuilds({ ...ports, builder: ill, admission }, OPTIONS)
    builds.push(worker)
    await worker.look()
    expect(await ended(image.buildId)).toMatchObject({ state: 'error', ...why })
    expect(heard).toEqual([])
    expect(await logOf(image.logId)).toBe(
      `${`${why.problem}. The next worker builds this from the start\n`.repeat(2)}! ${why.problem}\n! ${why.hint}\n`,
    )
  })

  it('of a worker that was killed are taken up by the next of its name at once, and by no other', async () => {
    const { image } = await queued({ Dockerfile: 'FROM sluice/base\n' })
    await claimBuild(sql, { workerId: '1', leaseMs: 3_600_000 })
    await (await hire({ workerId: '2' })).look()
    expect(await findBuild(sql, image.buildId)).toMatchObject({ state: 'running' })
    await (await hire({ workerId: '1' })).look()
    expect(await ended(image.buildId)).toMatchObject({ state: 'success' })
    expect(await logOf(image.logId)).toContain('The worker that built this has gone')
  })

  it('of a worker that was taken for lost stop and write nothing', async () => {
    const { image } = await queued({ Dockerfile: 'FROM sluice/base\nRUN echo go; sleep 100\n' })
    const worker = await hire({ leaseMs: 300 })
    await worker.look()
    await sql`update builds set epoch = epoch + 1` // somebody else has it
    await worker.drain()
    expect(await findBuild(sql, image.buildId)).toMatchObject({ state: 'running' })
  })

  it('are made good on an engine that lacks the image, once for all who wait', async () => {
    const { need: one } = await queued({ Dockerfile: `FROM sluice/base\nENV ONCE="${hello}"\n` })
    const tag = `sluice/${project}:${one.imageKey.slice(0, 12)}`
    const ensure = openEnsureImage(ports)
    await Promise.all([ensure({ ...one, tag }), ensure({ ...one, tag })])
    expect((await docker.getImage(tag).inspect()).Config.Env).toContain(`ONCE=${hello}`)
    expect(await findImageForUse(sql, one.imageKey, now())).toMatchObject({ tag })
  })

  it('that the engine cannot do for a waiting task are told in the words of other builds', async () => {
    const { need: one } = await queued({ 'a.dig': '' })
    const why = { problem: 'The disk of the Docker engine is full', hint: 'Free some of it, and push again' }
    const ill = { ...builder, find: async () => null, build: async () => ({ kind: 'broken', ...why }) as const }
    await expect(
      openEnsureImage({ ...ports, builder: ill })({ ...one, tag: 'sluice/lacking:1' }),
    ).rejects.toMatchObject({
      code: 'unavailable',
      message: `${why.problem}. Waiting builds and tasks go on by themselves when it is well.`,
      hint: 'The task waits, and is tried again every few seconds.',
    })
  })
})
