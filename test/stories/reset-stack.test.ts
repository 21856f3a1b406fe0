import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeTinyImage, type TinyImage } from '../support/tiny-image.ts'

const docker = new Docker()
let tiny: TinyImage

/** What compose and a worker leave on an engine, as they label it, without either of them. */
async function makeRemains(folder: string) {
  const project = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
  const home = join(folder, 'home')
  const labels = { 'com.docker.compose.project': project, 'com.docker.compose.project.working_dir': folder }
  await mkdir(join(home, 'workers/1/attempts'), { recursive: true })
  await writeFile(
    join(folder, '.env'),
    `SLUICE_HOME=${home}\nWEB_IMAGE=${project}-web\nWORKER_IMAGE=${project}-worker\n`,
  )
  for (const repo of [`${project}-web`, `${project}-worker`])
    await docker.getImage(tiny.name).tag({ repo, tag: 'latest' })
  await docker.createNetwork({ Name: `${project}_default`, Labels: labels })
  await docker.createVolume({ Name: `${project}_postgres`, Labels: labels })
  await docker.createContainer({
    Image: `${project}-web`,
    name: `${project}_web1_1`,
    Cmd: ['sleep', '3600'],
    Labels: { ...labels, 'com.docker.compose.service': 'web1' },
    HostConfig: { Binds: [`${project}_postgres:/spool`, `${home}:${home}`] },
  })
  const task = await docker.createContainer({
    Image: tiny.name,
    name: `${project}-task`,
    Cmd: ['sleep', '3600'],
    Labels: { 'sluice.installation': project, 'sluice.attempt': '1' },
    HostConfig: { Binds: [`${home}/workers/1/attempts:/workspace`] },
  })
  await task.start()
  return { folder, project, home }
}

type Remains = Awaited<ReturnType<typeof makeRemains>>

async function listRemains({ project, home }: Remains) {
  const [containers, networks, { Volumes }, images] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
    docker.listImages(),
  ])
  const names = [
    ...containers.flatMap(({ Names }) => Names.map((name) => name.slice(1))),
    ...networks.map(({ Name }) => Name),
    ...(Volumes ?? []).map(({ Name }) => Name),
    ...images.flatMap(({ RepoTags }) => RepoTags ?? []),
  ]
  return [...names.filter((name) => name.startsWith(project)), ...(existsSync(home) ? ['home'] : [])].sort()
}

const whole = ({ project }: Remains) =>
  [
    ...[`${project}-task`, `${project}-web:latest`, `${project}-worker:latest`, `${project}_default`],
    ...[`${project}_postgres`, `${project}_web1_1`, 'home'],
  ].sort()

/** A checkout as far as the script goes. */
async function makeFolder(parent: string, name: string) {
  const folder = join(parent, `${name}-${randomBytes(4).toString('hex')}`)
  for (const file of ['reset', 'reset-stack', 'lib.sh']) await cp(join('scripts', file), join(folder, 'scripts', file))
  return folder
}

const reset = ({ folder }: Pick<Remains, 'folder'>, env: Record<string, string>, ...words: string[]) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    const all = { PATH: process.env.PATH ?? '', ...env }
    execFile(join(folder, 'scripts/reset'), ['--stack', ...words], { env: all }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: out + err }),
    )
  })

describe('scripts/reset --stack', { timeout: 180_000 }, () => {
  let parent: string
  let own: Remains
  let other: Remains
  beforeAll(async () => {
    parent = await realpath(await mkdtemp(join(tmpdir(), 'sluice-reset-')))
    tiny = await makeTinyImage()
    own = await makeRemains(await makeFolder(parent, 'Own. Stack'))
    other = await makeRemains(await makeFolder(parent, 'other'))
  }, 180_000)
  afterAll(async () => {
    for (const remains of [own, other]) await reset(remains, {}, '--yes')
    await rm(parent, { recursive: true, force: true })
    await tiny?.remove()
  }, 180_000)

  it('tells what there is, and removes nothing where nobody can be asked', async () => {
    const { code, out } = await reset(own, {})
    expect(code).toBe(1)
    expect(out).toContain(`To be removed, of the stack ${own.project}:\n  containers: 1\n  containers of tasks: 1\n`)
    expect(out).toContain('Give --yes.')
    expect(await listRemains(own)).toEqual(whole(own))
  })

  it('leaves the stack of another folder alone', async () => {
    const empty = { folder: await makeFolder(parent, 'empty') }
    expect(await reset(empty, {}, '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('There is no stack'),
    })
    const { code, out } = await reset(empty, { COMPOSE_PROJECT_NAME: other.project }, '--yes')
    expect([code, out]).toEqual([1, expect.stringContaining(`The stack ${other.project} belongs to ${other.folder}.`)])
    expect(await listRemains(other)).toEqual(whole(other))
  })

  it('leaves the folder of workers that another stack works in, and the tasks there', async () => {
    const empty = { folder: await makeFolder(parent, 'same-home') }
    const { code, out } = await reset(empty, { SLUICE_HOME: other.home }, '--yes')
    expect([code, out]).toEqual([1, expect.stringContaining(`The stack ${other.project} works in ${other.home} too.`)])
    expect(await listRemains(other)).toEqual(whole(other))
  })

  it('removes its own, whole, and nothing of another', async () => {
    expect(await reset(own, {}, '--yes')).toMatchObject({ code: 0, out: expect.stringMatching(/Removed\.\n$/) })
    expect(await listRemains(own)).toEqual([])
    expect(await listRemains(other)).toEqual(whole(other))
  })
})
