import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { LogId } from '../../src/brand.ts'
import { listLogChunks } from '../../src/db/logs.ts'
import { type Database, openDatabase } from '../../src/db/sql.ts'
import type { DeployAnswer } from '../../src/http/api/answers.ts'
import { noOwnEngine, type OwnEngine, startEngine } from '../support/engine.ts'
import { startRegistry, type TestRegistry } from '../support/registry.ts'
import { makeDatabase, startServer, type TestServer } from '../support/server.ts'
import { endOf, eventually, logOf, makeProject, must, type Project, STORY_MS, tasksOf } from '../support/story.ts'
import { makeTinyImage, type TinyImage } from '../support/tiny-image.ts'
import { startWorker, type TestWorker } from '../support/worker.ts'

const FAR = '+there:\n  _queue: far\n  sh>: cat made.txt /made-by-the-build\n'
const NEAR = '+here:\n  sh>: cat made.txt /made-by-the-build\n'
const dockerfile = (text: string) => `FROM ${tiny.name}\nRUN echo ${text} > /made-by-the-build\n`

let tiny: TinyImage
const skipped = noOwnEngine === undefined ? '' : ` (skipped: ${noOwnEngine})`

describe.skipIf(noOwnEngine)(`a worker on another host${skipped}`, () => {
  let engine: OwnEngine
  let registry: TestRegistry
  let database: Awaited<ReturnType<typeof makeDatabase>>
  let sql: Database
  let stores: Record<string, string>

  beforeAll(async () => {
    tiny = await makeTinyImage()
    engine = await startEngine()
    registry = await startRegistry()
  }, STORY_MS)
  afterAll(async () => {
    await engine?.stop()
    await registry?.remove()
    await tiny?.remove()
  }, STORY_MS)

  let server: TestServer
  let project: Project
  let worker: TestWorker | undefined

  async function startHere(env: Record<string, string> = {}) {
    database = await makeDatabase()
    sql = openDatabase(database.url, { max: 1 })
    const secret = randomBytes(32).toString('hex')
    stores = {
      DATABASE_URL: database.url,
      REDIS_URL: inject('redisUrl'),
      SLUICE_SECRET_KEY: secret,
      SLUICE_BASE_IMAGE: tiny.name,
      ...env,
    }
    server = await startServer({ database: 'embedded', env: { ...stores, SLUICE_EXECUTOR: 'docker' } })
    const tag = randomBytes(4).toString('hex') // no engine has built it before
    project = await makeProject(server, {
      'far.dig': FAR,
      'near.dig': NEAR,
      'made.txt': 'by a person\n',
      Dockerfile: dockerfile(`one ${tag}`),
    })
    return tag
  }
  async function stopHere() {
    await worker?.stop()
    await server?.stop()
    await project?.remove()
    await sql?.end()
    await database?.drop()
  }
  const startThere = async () => {
    worker = await startWorker({ ...stores, DOCKER_HOST: engine.host }, '--queues', 'far', '--slots', '2')
  }
  async function run(workflow: string) {
    const id = await project.start(workflow)
    expect(await endOf(server, id)).toMatchObject({ status: 'success' })
    return logOf(server, id, taskOf(workflow))
  }
  const taskOf = (workflow: string) => (workflow === 'far' ? '+far+there' : '+near+here')
  /** Any worker may take a build: the one whose engine has one image more has taken it. */
  const countThere = async () => {
    const images = await engine.docker.listImages({ filters: { reference: [`sluice/${project.name}`] } })
    return new Set(images.map(({ Id }) => Id)).size
  }
  const buildLog = async () => {
    const [newest] = await sql<{ id: LogId }[]>`select log_id as id from builds order by id desc limit 1`
    if (newest === undefined) return ''
    const chunks = await listLogChunks(sql, newest.id, 0)
    return chunks.map(({ bytes }) => bytes.toString()).join('')
  }
  const digest = async () => (await sql`select digest from images order by built_at desc limit 1`)[0]?.digest

  describe('with a registry', () => {
    let tag: string
    beforeAll(async () => {
      tag = await startHere({ SLUICE_REGISTRY: registry.address })
    }, STORY_MS)
    afterAll(stopHere, STORY_MS)

    it(
      'pulls what another one built, and runs it with the files of the revision',
      async () => {
        const { all } = must(await project.push())
        expect(all).toContain(`Pushing ${registry.address}/sluice/${project.name}:`)
        expect(all).toMatch(/Pushed sha256:[0-9a-f]{64}/)
        await eventually(async () => (await sql`select from base_images where digest is not null`).length > 0)
        await startThere()
        expect(await run('near')).toBe(`by a person\none ${tag}\n`)
        expect(await run('far')).toBe(`by a person\none ${tag}\n`)
        const said = await buildLog()
        expect(said).toContain(`: Pulling ${registry.address}/sluice/${project.name}@${await digest()}`)
        expect(said).toMatch(/: Pulled\n$/)
      },
      STORY_MS,
    )

    it(
      'waits while the registry is gone, says so, and goes on by itself; what is here runs',
      async () => {
        await project.commit({ Dockerfile: dockerfile(`two ${tag}`) })
        const before = await countThere()
        must(await project.push())
        await registry.stop()
        const [builder, other] = (await countThere()) > before ? (['far', 'near'] as const) : (['near', 'far'] as const)
        expect(await run(builder)).toBe(`by a person\ntwo ${tag}\n`)
        const id = await project.start(other)
        const waiting = await eventually(async () =>
          (await tasksOf(server, id)).find(({ exitCause }) => exitCause?.includes('registry')),
        )
        expect(waiting.exitCause).toMatch(
          /^The image of this revision is not on this worker, and the registry 127\.0\.0\.1:\d+ cannot be used: .*connection refused.*\.$/,
        )
        await registry.start()
        expect(await endOf(server, id)).toMatchObject({ status: 'success' })
        expect(await logOf(server, id, taskOf(other))).toBe(`by a person\ntwo ${tag}\n`)
      },
      STORY_MS,
    )

    it(
      'builds itself what could not be pushed; a push is not declined for that, and the image is pushed later',
      async () => {
        await registry.stop()
        await project.commit({ Dockerfile: dockerfile(`three ${tag}`) })
        const { all } = must(await project.push())
        expect(all).toContain(`! The registry ${registry.address} cannot be used: `)
        expect(all).toContain('! The image stays on this worker')
        expect(await run('far')).toBe(`by a person\nthree ${tag}\n`)
        await registry.start()
        await eventually(async () => /Pushed sha256:[0-9a-f]{64}\n$/.test(await buildLog()))
        expect(await digest()).toMatch(/^sha256:/)
        const { deploys } = await server.api<{ deploys: DeployAnswer[] }>(`/api/deploys?project=${project.name}`)
        expect(deploys.map(({ state }) => state)).toEqual(['live', 'live', 'live'])
      },
      STORY_MS,
    )
  })

  describe('without a registry', () => {
    let tag: string
    beforeAll(async () => {
      await engine.load(tiny.name)
      tag = await startHere()
    }, STORY_MS)
    afterAll(stopHere, STORY_MS)

    it(
      'builds the image itself, of what PostgreSQL holds',
      async () => {
        must(await project.push())
        await startThere()
        expect(await run('far')).toBe(`by a person\none ${tag}\n`)
        expect(await buildLog()).toMatch(/: Step 2\/2 : RUN echo one \w+ > \/made-by-the-build\n$/)
      },
      STORY_MS,
    )
  })
})
