import type { Command } from 'commander'
import type { ProjectAnswer } from '../http/api/answers.ts'
import { listAll } from './list-all.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice projects` */
export function projectsCommand(tools: Tools): Command {
  return withJson(
    commandWith('projects', 'List the projects', ['sluice projects', 'every project and its revision']),
  ).action(async ({ json }: { json?: boolean }) => {
    const list = { path: '/api/projects', name: 'projects', size: 1000 } as const
    const answer = await listAll<'projects', { projects: readonly ProjectAnswer[] }>(tools.client, list)
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
  revisionNumber === null ? '-' : `v${revisionNumber} (${revision})`
