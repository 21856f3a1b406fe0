import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { endOf, logHas, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

const WORKFLOW = '+stay:\n  sh>: echo here; while [ ! -e go ]; do sleep 0.1; done\n'
const docker = new Docker()
const servers: TestServer[] = []
const projects: Project[] = []
let ids: readonly string[]

beforeAll(async () => {
  for (const database of ['embedded', 'own'] as const) servers.push(await startServer({ database }))
  for (const server of servers) projects.push(await makeProject(server, { 'long.dig': WORKFLOW }))
  ids = await Promise.all(
    projects.map(async (project, index) => {
      must(await project.push())
      const id = await project.start('long')
      await logHas(servers[index] as TestServer, id, '+long+stay', 'here\n')
      return id
    }),
  )
}, STORY_MS)
afterAll(async () => {
  for (const server of servers) await server.stop()
  for (const project of projects) await project.remove()
}, STORY_MS)

const containersOf = async ({ home }: TestServer) =>
  (await docker.listContainers({ all: true })).filter(({ Mounts }) =>
    Mounts.some(({ Source }) => Source?.startsWith(home)),
  )
const imagesOf = async ({ name }: Project) =>
  (await docker.listImages())
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((tag) => tag.startsWith(`sluice/${name}:`))

const reset = (home: string, ...words: string[]) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    const env = { PATH: process.env.PATH, HOME: home, SLUICE_HOME: home }
    execFile(process.execPath, ['dist/reset.js', ...words], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: out + err }),
    )
  })

describe('scripts/reset', () => {
  it(
    'removes one installation from its host, whole, and nothing of another',
    async () => {
      const [server, other] = servers as [TestServer, TestServer]
      const [project, otherProject] = projects as [Project, Project]
      expect((await reset(server.home, '--yes')).out).toContain('Stop it: ./scripts/up --stop')
      await server.kill9()
      expect(await reset(server.home)).toMatchObject({ code: 1, out: expect.stringContaining('Give --yes.') })
      expect(await containersOf(server)).toHaveLength(1)
      await writeFile(join(server.home, 'mine.txt'), 'of somebody else')

      const { code, out } = await reset(server.home, '--yes')
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(/1 container\n {2}1 image\n(?:.*\n)*.*something else too, which stays\nRemoved\.\n$/),
      ])
      expect([await containersOf(server), await imagesOf(project)]).toEqual([[], []])
      expect(['mine.txt', 'key', 'postgres', 'workers'].filter((name) => existsSync(join(server.home, name)))).toEqual([
        'mine.txt',
      ])

      expect(await containersOf(other)).toHaveLength(1)
      expect(await imagesOf(otherProject)).toHaveLength(1)
      must(await otherProject.sluice('kill', ids[1] ?? ''))
      expect(await endOf(other, ids[1] ?? '')).toMatchObject({ status: 'killed' })
    },
    STORY_MS,
  )
})
