import { createToken } from '../../../src/app/create-token.ts'
import { openHints } from '../../../src/db/hints.ts'
import type { Database } from '../../../src/db/sql.ts'
import { findUser } from '../../../src/db/users.ts'
import type { ApiPorts } from '../../../src/http/api/ports.ts'
import { apiRoutes } from '../../../src/http/api/routes.ts'
import { NOW, openTestApp } from '../../support/app.ts'

let opened = 0

/** The API behind the product's own door, asked by admin with a token. */
export async function openApi(sql: Database, ports: Partial<ApiPorts> = {}) {
  const hints = await openHints(sql)
  const wakeUps = { ring: async () => {} }
  const linkProject = () => Promise.reject(new Error('nobody was expected to link'))
  const receiveArchive = () => Promise.reject(new Error('nobody was expected to upload'))
  const fixed = { now: () => NOW, version: '0.1.0', quietEnvironment: null, maxArchiveBytes: 3 * 2 ** 20 }
  const doors = [apiRoutes({ sql, hints, wakeUps, linkProject, receiveArchive, ...fixed, ...ports })]
  const { app, bugs } = await openTestApp(sql, { doors })
  const admin = await findUser(sql, 'admin')
  if (admin === undefined) throw new Error('there is no admin')
  const token = await createToken({ sql }, { userId: admin.id, name: `test-${opened++}` }, NOW)
  const ask = (path: string, init: { method?: string; body?: string } = {}) =>
    app.request(`/api${path}`, { ...init, headers: { authorization: `Bearer ${token}` } })
  return {
    hints,
    token,
    bugs,
    app,
    get: (path: string) => ask(path),
    send: (method: string, path: string, body: unknown = {}) => ask(path, { method, body: JSON.stringify(body) }),
    json: async (path: string): Promise<unknown> => (await ask(path)).json(),
    /** The one list of an answer. */
    list: async (path: string) => {
      const answer = (await (await ask(path)).json()) as Record<string, Record<string, string>[]>
      return Object.values(answer)[0] ?? []
    },
  }
}
