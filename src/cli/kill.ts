import type { Command } from 'commander'
import { pathOf } from './client.ts'
import { idOf } from './number.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice kill ATTEMPT` */
export function killCommand(tools: Tools): Command {
  return withJson(
    commandWith('kill', 'End an attempt', ['sluice kill 12', 'stops its tasks, each with all its processes']),
  )
    .argument('<attempt>', 'number, as sluice attempts shows it', idOf)
    .action(async (attempt: string, { json }: { json?: boolean }) => {
      const answer = await tools.client.send('POST', pathOf('attempts', attempt, 'kill'), {})
      if (json) return sayJson(tools, answer)
      tools.say(`Attempt ${attempt} is ending. Follow it: sluice log -f ${attempt}`)
    })
}
