import type { Command } from 'commander'
import type { TokenAnswer } from '../http/api/tokens.ts'
import { pathOf } from './client.ts'
import { idOf } from './number.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice tokens` */
export function tokensCommand(tools: Tools): Command {
  return withJson(
    commandWith('tokens', 'List your tokens', ['sluice tokens', 'when each was made and last used']),
  ).action(async ({ json }: { json?: boolean }) => {
    const answer = await tools.client.get<{ tokens: TokenAnswer[] }>('/api/tokens')
    if (json) return sayJson(tools, answer)
    const rows = answer.tokens.map((each) => [each.id, each.name, each.createdAt, each.lastUsedAt ?? 'never'])
    sayTable(tools, ['ID', 'NAME', 'MADE', 'LAST USED'], rows, 'You have no token. Make one: sluice tokens:add laptop')
  })
}

/** `sluice tokens:add NAME` */
export function addTokenCommand(tools: Tools): Command {
  return withJson(
    commandWith('tokens:add', 'Make a token and show it once', [
      'sluice tokens:add laptop',
      'for SLUICE_TOKEN, or as a password for git',
    ]),
  )
    .argument('<name>', 'what it is for')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const answer = await tools.client.send<{ token: string }>('POST', '/api/tokens', { name })
      if (json) return sayJson(tools, answer)
      tools.say(answer.token)
      tools.note('This is the only time it is shown. Use it: export SLUICE_TOKEN=…')
    })
}

/** `sluice tokens:remove ID` */
export function removeTokenCommand(tools: Tools): Command {
  return withJson(
    commandWith('tokens:remove', 'Revoke a token', ['sluice tokens:remove 3', 'from now on it opens nothing']),
  )
    .argument('<id>', 'as sluice tokens shows it', idOf)
    .action(async (id: string, { json }: { json?: boolean }) => {
      const answer = await tools.client.send('DELETE', pathOf('tokens', id))
      if (json) return sayJson(tools, answer)
      tools.say(`Token ${id} opens nothing any more.`)
    })
}
