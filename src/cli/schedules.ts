import type { Command } from 'commander'
import type { ScheduleAnswer } from '../http/api/answers.ts'
import { pathOf } from './client.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice schedules [PROJECT]` */
export function schedulesCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'schedules',
      'List what runs when',
      ['sluice schedules', 'of every project'],
      ['sluice schedules weather', 'of one'],
    ),
  )
    .argument('[project]')
    .action(async (project: string | undefined, { json }: { json?: boolean }) => {
      const path = project === undefined ? '/api/schedules' : pathOf('projects', project, 'schedules')
      const answer = await tools.client.get<{ schedules: ScheduleAnswer[] }>(path)
      if (json) return sayJson(tools, answer)
      const rows = answer.schedules.map((each) => [
        each.id,
        each.project.name,
        each.workflow.name,
        each.disabledAt === null ? each.nextRunTime : `off since ${each.disabledAt}`,
        each.nextScheduleTime,
      ])
      sayTable(
        tools,
        ['ID', 'PROJECT', 'WORKFLOW', 'NEXT RUN', 'FOR SESSION'],
        rows,
        'Nothing is scheduled. Add a schedule: to a .dig file and push it.',
      )
    })
}
