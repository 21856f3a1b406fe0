import { Hono } from 'hono'
import { createToken } from '../../app/create-token.ts'
import { revokeToken } from '../../app/revoke-token.ts'
import { listTokens, type Token, type TokenId } from '../../db/tokens.ts'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import type { ApiPorts } from './ports.ts'
import { ID, readBody } from './query.ts'
import { instant } from './times.ts'

/** Routes under `/api/tokens`: everybody's own. */
export function tokenRoutes({ sql, now }: Pick<ApiPorts, 'sql' | 'now'>) {
  return new Hono<Env>()
    .get('/', async (c) => c.json({ tokens: (await listTokens(sql, c.get('user').id)).map(answerToken) }))
    .post('/', async (c) => {
      const { name } = await readBody(c)
      if (typeof name !== 'string')
        throw new Refusal('invalid', 'name is missing: what the token is for', 'Send {"name": "laptop"}.')
      return c.json({ name, token: await createToken({ sql }, { userId: c.get('user').id, name }, now()) })
    })
    .delete(`/:id${ID}`, async (c) => {
      const id = c.req.param('id') as TokenId // digits, by the route
      await revokeToken({ sql }, c.get('user').id, id)
      return c.json({ id })
    })
}

export type TokenAnswer = ReturnType<typeof answerToken>
const answerToken = ({ id, name, createdAt, lastUsedAt }: Token) => ({
  id,
  name,
  createdAt: instant(createdAt),
  lastUsedAt: lastUsedAt === null ? null : instant(lastUsedAt),
})
