import { type Command, Option } from 'commander'
import { pathOf } from './client.ts'
import { idOf } from './number.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice decide TASK --as success|error|retry` */
export function decideCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'decide',
      'Say how a task ended whose worker was lost',
      ['sluice decide 345 --as success', 'it had done its work'],
      ['sluice decide 345 --as retry', 'run it again: it does no harm twice'],
    ),
  )
    .argument('<task>', 'id of a task in state unknown; sluice tasks shows it', idOf)
    .addOption(
      new Option('--as <end>', 'what to make of it').choices(['success', 'error', 'retry']).makeOptionMandatory(),
    )
    .action(async (task: string, { as, json }: { as: string; json?: boolean }) => {
      const answer = await tools.client.send('POST', pathOf('tasks', task, 'decide'), { as })
      if (json) return sayJson(tools, answer)
      tools.say(as === 'retry' ? `Task ${task} will run again.` : `Task ${task} is marked as ${as}.`)
    })
}
