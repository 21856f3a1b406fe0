import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRegistry } from '../../src/docker/registry.ts'
import { getEngine } from '../support/executors.ts'
import { CREDENTIALS, startRegistry, type TestRegistry } from '../support/registry.ts'
import { makeTinyImage, type TinyImage } from '../support/tiny-image.ts'

const { docker } = await getEngine()
const never = new AbortController().signal
let server: TestRegistry
let image: TinyImage
let tag: string

beforeAll(async () => {
  server = await startRegistry({ needsPassword: true })
  image = await makeTinyImage()
  tag = `${image.name}:latest`
})
afterAll(async () => {
  await server.remove()
  await image.remove()
})

const open = (credentials: typeof CREDENTIALS | null = CREDENTIALS) =>
  openRegistry(docker, { address: `${server.address}/team`, host: server.address, credentials })
const namesOf = async (id: string) => {
  const { RepoTags, RepoDigests } = await docker.getImage(id).inspect()
  return [...RepoTags, ...RepoDigests]
}

describe('a registry with a password', () => {
  let digest: string

  it('takes an image, which has one name here as before', async () => {
    const lines: string[] = []
    const end = await open().push(tag, (line) => lines.push(line), never)
    if (end.kind !== 'pushed') throw new Error(end.why)
    digest = end.digest
    expect(lines).toEqual([`Pushing ${server.address}/team/${tag}`, `Pushed ${digest}`])
    expect(await namesOf(image.name)).toEqual([tag])
  })

  it('gives it back by its digest, under its tag', async () => {
    const { Id } = await docker.getImage(tag).inspect()
    await docker.getImage(tag).remove()
    expect(await open().pull({ tag, digest }, () => {}, never)).toEqual({ kind: 'pulled' })
    expect((await docker.getImage(tag).inspect()).Id).toBe(Id)
    expect(await namesOf(Id)).toEqual([tag])
  })

  it('has no image that nobody pushed', async () => {
    const other = `sha256:${'0'.repeat(64)}`
    expect(await open().pull({ tag, digest: other }, () => {}, never)).toEqual({ kind: 'absent' })
  })

  it('refuses who does not say the password', async () => {
    expect(await open(null).push(tag, () => {}, never)).toMatchObject({
      kind: 'unavailable',
      why: expect.stringMatching(/no basic auth credentials|unauthorized/),
    })
    const unknown = { tag, digest: `sha256:${'1'.repeat(64)}` } // what the engine has already it does not ask for
    expect(await open({ user: 'ana', password: 'x' }).pull(unknown, () => {}, never)).toMatchObject({
      kind: 'unavailable',
    })
  })

  it('that has gone says so', async () => {
    await server.stop()
    const gone = { kind: 'unavailable', why: expect.stringContaining('connection refused') }
    expect(await open().push(tag, () => {}, never)).toMatchObject(gone)
    expect(await open().pull({ tag, digest }, () => {}, never)).toMatchObject(gone)
    expect(await namesOf(image.name)).toEqual([tag])
  })
})
