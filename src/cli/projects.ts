import type { Command } from 'commander'
import type { ProjectAnswer } from '../http/api/answers.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice projects` */
export function projectsCommand(tools: Tools): Command {
  return withJson(
    commandWith('projects', 'List the projects', ['sluice projects', 'every project and its revision']),
  ).action(async ({ json }: { json?: boolean }) => {
    const answer = await tools.client.get<{ projects: ProjectAnswer[] }>('/api/projects', { count: '1000' })
    if (json) return sayJson(tools, answer)
    const rows = answer.projects.map((each) => [each.name, revisionOf(each), each.branch ?? '-', each.updatedAt])
    sayTable(
      tools,
      ['PROJECT', 'REVISION', 'BRANCH', 'UPDATED'],
      rows,
      'There is no project yet. Make one: sluice init hello',
    )
  })
}

const revisionOf = ({ revision, revisionNumber }: ProjectAnswer) =>
  revision === null ? '-' : `v${revisionNumber} (${revision})`
