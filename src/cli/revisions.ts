import type { Command } from 'commander'
import type { RevisionAnswer } from '../http/api/answers.ts'
import { pathOf } from './client.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice revisions PROJECT` */
export function revisionsCommand(tools: Tools): Command {
  return withJson(
    commandWith('revisions', 'List what was deployed, newest first', [
      'sluice revisions weather',
      'the last 100 revisions',
    ]),
  )
    .argument('<project>')
    .action(async (project: string, { json }: { json?: boolean }) => {
      const answer = await tools.client.get<{ revisions: RevisionAnswer[] }>(pathOf('projects', project, 'revisions'))
      if (json) return sayJson(tools, answer)
      const rows = answer.revisions.map((each) => [
        `v${each.number}`,
        each.revision,
        each.createdAt,
        each.userInfo.name,
        each.message?.split('\n')[0] ?? '',
      ])
      sayTable(
        tools,
        ['', 'NAME', 'DEPLOYED', 'BY', 'MESSAGE'],
        rows,
        `${project} was never deployed. Push it: sluice push ${project}`,
      )
    })
}
