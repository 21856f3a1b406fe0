import type { Command } from 'commander'
import type { WorkflowAnswer } from '../http/api/answers.ts'
import { pathOf } from './client.ts'
import { listAll } from './list-all.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice workflows [PROJECT]` */
export function workflowsCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'workflows',
      'List the workflows of the current revisions',
      ['sluice workflows', 'of every project'],
      ['sluice workflows weather', 'of one'],
    ),
  )
    .argument('[project]')
    .action(async (project: string | undefined, { json }: { json?: boolean }) => {
      const answer = await list(tools, project)
      if (json) return sayJson(tools, answer)
      const rows = answer.workflows.map((each) => [each.project.name, each.name, each.revision, each.timezone])
      sayTable(
        tools,
        ['PROJECT', 'WORKFLOW', 'REVISION', 'ZONE'],
        rows,
        'There is no workflow yet. Deploy a project: sluice push',
      )
    })
}

type Workflows = { readonly workflows: readonly WorkflowAnswer[] }

const list = ({ client }: Tools, project: string | undefined): Promise<Workflows> =>
  project === undefined
    ? listAll<'workflows', Workflows>(client, { path: '/api/workflows', name: 'workflows', size: 1000 })
    : client.get(pathOf('projects', project, 'workflows'))
