import type { Command } from 'commander'
import type { DeployAnswer } from '../http/api/answers.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice deploys [PROJECT]` */
export function deploysCommand(tools: Tools): Command {
  return withJson(
    commandWith('deploys', 'List the deploys, newest first', [
      'sluice deploys weather',
      'which pushes became revisions, and which were declined',
    ]),
  )
    .argument('[project]')
    .action(async (project: string | undefined, { json }: { json?: boolean }) => {
      const answer = await tools.client.get<{ deploys: DeployAnswer[] }>('/api/deploys', { project, count: '20' })
      if (json) return sayJson(tools, answer)
      const rows = answer.deploys.map((each) => [
        each.id,
        each.project.name,
        each.branch,
        each.commit?.slice(0, 12) ?? '-',
        each.state,
        each.revision === null ? (each.problem ?? '') : `v${each.revision.number}`,
      ])
      sayTable(
        tools,
        ['DEPLOY', 'PROJECT', 'BRANCH', 'COMMIT', 'STATE', ''],
        rows,
        'Nothing was deployed yet. Push a project: sluice push',
      )
    })
}
