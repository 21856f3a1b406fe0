import type { Command } from 'commander'
import type { JsonObject } from '../brand.ts'
import type { AttemptAnswer } from '../http/api/answers.ts'
import { pathOf } from './client.ts'
import { showFollowed } from './follow.ts'
import { idOf } from './number.ts'
import { collectParam } from './params.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import type { Tools } from './tools.ts'

type Options = {
  readonly all?: boolean
  readonly from?: string
  readonly revision: string
  readonly name?: string
  readonly param?: JsonObject
  readonly follow?: boolean
  readonly json?: boolean
}

/** `sluice retry ATTEMPT` */
export function retryCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'retry',
      'Run a session once more: what did not succeed, with the newest files',
      ['sluice retry 12', 'go on where it failed'],
      ['sluice retry 12 --all', 'from the beginning'],
      ['sluice retry 12 --from +daily+load --revision keep', 'from a task on, with the files it had'],
    ),
  )
    .argument('<attempt>', 'number, as sluice attempts shows it', idOf)
    .option('--all', 'every task')
    .option('--from <task>', 'this task and everything after it')
    .option('--revision <name>', 'latest, keep, or a revision (v3, or its name)', 'latest')
    .option('--name <name>', 'name of the new attempt')
    .option('-p, --param <key=value>', 'a parameter on top of those it had; may be repeated', collectParam)
    .option('-f, --follow', 'show what it does until its end')
    .action(async (attempt: string, { all, from, param, follow, json, ...rest }: Options) => {
      const mode = all ? 'all' : from === undefined ? 'failed' : 'from'
      const asked = { ...rest, mode, from, params: param ?? {} }
      const next = await tools.client.send<AttemptAnswer>('POST', pathOf('attempts', attempt, 'retry'), asked)
      if (json) return sayJson(tools, next)
      tools.say(`Attempt ${next.id} has started; it goes on from attempt ${attempt}.`)
      if (follow) return showFollowed(tools, next.id)
      tools.note(`Follow it: sluice log -f ${next.id}`)
    })
}
