import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createProxy } from 'node:http'
import { createServer, type Server } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProjectId } from '../../src/brand.ts'
import { fetchBranch } from '../../src/git/fetch-branch.ts'
import { openRepositories } from '../../src/git/repositories.ts'
import { makeAuthority } from '../support/authority.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'

const id = '1' as ProjectId
const rules = { privateRemotes: ['localhost'], isLocalAllowed: false, proxies: {} }

describe('a fetch over https', () => {
  let folder: string
  let remote: TestRepository
  let repositories: ReturnType<typeof openRepositories>
  let server: Server
  let url: string
  const fetchOver = (changes: Partial<Parameters<typeof fetchBranch>[0]> = {}) =>
    fetchBranch({
      repository: repositories.pathOf(id),
      url,
      branch: 'main',
      deployKey: null,
      hostKeys: null,
      extraCa: join(folder, 'ca.pem'),
      rules,
      maxBytes: 1_000_000,
      ...changes,
    })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-https-test-'))
    remote = await makeRepository({ 'a.txt': 'a' })
    await remote.git('update-server-info')
    repositories = openRepositories(join(folder, 'repositories'))
    await repositories.create(id, 'main')
    makeAuthority(folder, 'DNS:localhost')
    server = createServer(
      { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) },
      async ({ url: path = '' }, response) => {
        // A file server is the plainest remote that git can fetch from.
        const file = join(remote.folder, '.git', new URL(path, 'https://localhost').pathname.replace('/a.git/', ''))
        const bytes = await readFile(file).catch(() => undefined)
        response.writeHead(bytes === undefined ? 404 : 200).end(bytes)
      },
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    url = `https://localhost:${port}/a.git`
  }, 30_000)
  afterAll(async () => {
    server?.closeAllConnections()
    server?.close()
    await remote?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  it('trusts the authority that the operator named', async () => {
    const commit = (await remote.git('rev-parse', 'main')).out.trim()
    expect(await fetchOver()).toEqual({ kind: 'fetched', commit })
  })

  it('goes through the proxy, which resolves the name, unless the host is excepted', async () => {
    const asked: string[] = []
    const proxy = createProxy().on('connect', (request, near) => {
      asked.push(request.url ?? '')
      const far = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => near.write('HTTP/1.1 200 OK\r\n\r\n'))
      near.on('error', () => far.destroy())
      far.on('error', () => near.destroy())
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as { port: number }
    const proxies = { HTTPS_PROXY: `http://127.0.0.1:${port}` }
    expect(await fetchOver({ rules: { ...rules, proxies } })).toMatchObject({ kind: 'fetched' })
    expect(new Set(asked)).toEqual(new Set([new URL(url).host]))
    const before = asked.length
    expect(await fetchOver({ rules: { ...rules, proxies: { ...proxies, NO_PROXY: 'localhost' } } })).toMatchObject({
      kind: 'fetched',
    })
    expect(asked).toHaveLength(before)
    proxy.closeAllConnections()
    proxy.close()
  })

  it('is refused where nobody named it', async () => {
    expect(await fetchOver({ extraCa: null })).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/certificate/i),
    })
  })

  it('does not begin where private addresses are not opened', async () => {
    const closed = await fetchOver({ rules: { privateRemotes: [], isLocalAllowed: false, proxies: {} } })
    expect(closed).toMatchObject({ kind: 'refused', message: expect.stringContaining('not a public address') })
  })
})
