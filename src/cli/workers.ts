import type { Command } from 'commander'
import type { WorkerAnswer } from '../http/api/answers.ts'
import { commandWith, duration, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice workers` */
export function workersCommand(tools: Tools): Command {
  return withJson(
    commandWith('workers', 'List the workers', ['sluice workers', 'who runs tasks, and how many']),
  ).action(async ({ json }: { json?: boolean }) => {
    const answer = await tools.client.get<{ workers: WorkerAnswer[] }>('/api/workers')
    if (json) return sayJson(tools, answer)
    const rows = answer.workers.map((each) => [
      each.name,
      each.stoppedAt === null
        ? `heard ${duration(tools.now().getTime() - new Date(each.heardAt).getTime())} ago`
        : 'stopped',
      `${each.running}/${each.slots}`,
      each.queues.join(','),
      each.engine === null ? each.executor : `${each.executor} ${each.engine}`,
    ])
    sayTable(
      tools,
      ['WORKER', 'STATE', 'SLOTS', 'QUEUES', 'RUNS TASKS IN'],
      rows,
      'No worker was ever heard. Start one: sluice worker',
    )
  })
}
