import { type Context, Hono } from 'hono'
import { createToken } from '../../app/create-token.ts'
import { revokeToken } from '../../app/revoke-token.ts'
import { listTokens, type TokenId } from '../../db/tokens.ts'
import { TokensPage, type TokensPageProps } from '../../ui/tokens-page.tsx'
import type { Env } from '../env.ts'
import { writePage } from '../page.ts'
import { readForm } from '../security.ts'
import { type PagePorts, readView } from '../view.ts'

export function tokenRoutes(ports: PagePorts) {
  return new Hono<Env>()
    .get('/tokens', (c) => showTokens(c, ports, null))
    .post('/tokens', async (c) => {
      const { name = '' } = await readForm(c)
      const token = await createToken(ports, { userId: c.get('user').id, name }, ports.now())
      return showTokens(c, ports, { name: name.trim(), token })
    })
    .post('/tokens/:id{\\d{1,18}}/revoke', async (c) => {
      await revokeToken(ports, c.get('user').id, c.req.param('id') as TokenId) // the route checked that it is a number
      return c.redirect('/tokens', 303)
    })
}

async function showTokens(c: Context<Env>, ports: PagePorts, made: TokensPageProps['made']): Promise<Response> {
  const tokens = await listTokens(ports.sql, c.get('user').id)
  return writePage(c, TokensPage({ view: await readView(c, ports, '/tokens'), props: { tokens, made } }))
}
