import type { Command } from 'commander'
import type { QueueAnswer, WorkerAnswer } from '../http/api/answers.ts'
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
      each.state,
      `${each.running}/${each.slots}`,
      String(each.processed),
      String(each.failed),
      `${ageOf(tools, each.heardAt)} ago`,
      each.queues.join(','),
      each.engine === null ? each.executor : `${each.executor} ${each.engine}`,
    ])
    sayTable(
      tools,
      ['WORKER', 'STATE', 'SLOTS', 'PROCESSED', 'FAILED', 'HEARD', 'QUEUES', 'RUNS TASKS IN'],
      rows,
      'No worker was heard. Start one: sluice worker',
    )
  })
}

/** `sluice queues` */
export function queuesCommand(tools: Tools): Command {
  return withJson(
    commandWith('queues', 'List the queues', ['sluice queues', 'what waits, how long, and how fast it flows']),
  ).action(async ({ json }: { json?: boolean }) => {
    const answer = await tools.client.get<{ queues: QueueAnswer[] }>('/api/queues')
    if (json) return sayJson(tools, answer)
    const rows = answer.queues.map((each) => [
      each.name,
      String(each.waiting),
      each.oldestReadyAt === null ? '-' : ageOf(tools, each.oldestReadyAt),
      String(each.perMinute),
      `${each.workers} online`,
    ])
    sayTable(
      tools,
      ['QUEUE', 'WAITING', 'OLDEST', 'PER MIN', 'WORKERS'],
      rows,
      'No worker serves a queue, and no task waits in one. Start a worker: sluice worker',
    )
  })
}

const ageOf = (tools: Tools, at: string) => duration(tools.now().getTime() - new Date(at).getTime())
