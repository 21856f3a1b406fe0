import type { Command } from 'commander'
import { commandWith } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice credential get`: git's own protocol, so that a push to our server asks nobody for a password. Everything that git wants stored or erased is ignored. */
export function credentialCommand(tools: Tools): Command {
  return commandWith('credential', 'Hand git the token (git calls this itself)', [
    'sluice credential get',
    'as in git config credential.helper "!sluice credential"',
  ])
    .argument('<action>', 'get, store or erase')
    .action(async (action: string) => {
      const asked = readAsked(await tools.readInput())
      const { url, token } = tools.client
      if (action !== 'get' || token === undefined || !isOurs(asked, new URL(url))) return
      tools.say(`username=sluice\npassword=${token}`)
    })
}

const readAsked = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split('\n')
      .flatMap((line) =>
        line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
      ),
  )

/** Another server must never see our token, whatever a repository's settings say. */
const isOurs = (asked: ReadonlyMap<string, string>, { protocol, host }: URL) =>
  `${asked.get('protocol')}:` === protocol && asked.get('host') === host
