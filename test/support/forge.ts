import { createHmac, randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAuthority } from './authority.ts'
import { makeRepository } from './git.ts'

/** A forge at `address`, an IP of this machine: one repository over https, and webhooks about it. */
export async function openForge(address: string, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-forge-'))
  await chmod(folder, 0o755)
  makeAuthority(folder, `IP:${address}`)
  const repository = await makeRepository(files)
  await repository.git('update-server-info')
  const server = createServer(
    { key: await readFile(join(folder, 'key.pem')), cert: await readFile(join(folder, 'cert.pem')) },
    async ({ url: path = '' }, response) => {
      // A file server is the plainest remote that git can fetch from.
      const file = join(repository.folder, '.git', new URL(path, 'https://forge').pathname.replace('/a.git/', ''))
      const bytes = await readFile(file).catch(() => undefined)
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const url = `https://${address}:${(server.address() as AddressInfo).port}/a.git`
  return {
    url,
    /** What signs its certificate. */
    authority: join(folder, 'ca.pem'),
    commit: async (changed: Readonly<Record<string, string>>) => {
      const commit = await repository.commit(changed)
      await repository.git('update-server-info')
      return commit
    },
    describePush: (after: string) =>
      JSON.stringify({
        ref: 'refs/heads/main',
        before: '0'.repeat(40),
        after,
        repository: { full_name: 'ana/hooked', clone_url: url },
        pusher: { name: 'ana' },
      }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await repository.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Forge = Awaited<ReturnType<typeof openForge>>

/** What GitHub sends, signed as it signs. The same `id` again is its redelivery. */
export function makeDelivery(secret: string, body: string, id: string = randomUUID()): RequestInit {
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  }
}
