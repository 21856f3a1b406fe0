import type { Command } from 'commander'
import type { AttemptAnswer } from '../http/api/answers.ts'
import { idOf } from './number.ts'
import { commandWith, duration, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

type Options = { readonly json?: boolean; readonly all?: boolean; readonly limit: string; readonly before?: string }

/** `sluice attempts [PROJECT [WORKFLOW]]` */
export function attemptsCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'attempts',
      'List what ran and what runs, newest first',
      ['sluice attempts', 'the last attempt of each session'],
      ['sluice attempts weather daily --all', 'every attempt of one workflow'],
    ),
  )
    .argument('[project]')
    .argument('[workflow]')
    .option('--all', 'retried attempts too')
    .option('--limit <n>', 'at most 100', idOf, '20')
    .option('--before <attempt>', 'go on before this one', idOf)
    .action(async (project: string | undefined, workflow: string | undefined, options: Options) => {
      const answer = await tools.client.get<{ attempts: AttemptAnswer[] }>('/api/attempts', {
        project,
        workflow,
        include_retried: options.all ? 'true' : undefined,
        page_size: options.limit,
        last_id: options.before,
      })
      if (options.json) return sayJson(tools, answer)
      const rows = answer.attempts.map((each) => rowOf(each, tools.now()))
      sayTable(
        tools,
        ['ATTEMPT', 'PROJECT', 'WORKFLOW', 'SESSION', 'STATUS', 'TOOK', 'BY'],
        rows,
        'Nothing ran yet. Start something: sluice start PROJECT WORKFLOW',
      )
    })
}

function rowOf(each: AttemptAnswer, now: Date): readonly string[] {
  const end = each.finishedAt === null ? now : new Date(each.finishedAt)
  const took = duration(end.getTime() - new Date(each.createdAt).getTime())
  const status = each.cancelRequested && !each.done ? 'ending' : each.status
  return [each.id, each.project.name, each.workflow.name, each.sessionTime, status, took, each.startedBy]
}
