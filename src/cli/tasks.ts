import type { Command } from 'commander'
import type { AttemptAnswer, TaskAnswer } from '../http/api/answers.ts'
import { pathOf } from './client.ts'
import { idOf } from './number.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice tasks ATTEMPT` */
export function tasksCommand(tools: Tools): Command {
  return withJson(
    commandWith('tasks', 'Show the tasks of an attempt and why they failed', [
      'sluice tasks 12',
      'the tree with its states',
    ]),
  )
    .argument('<attempt>', 'number, as sluice attempts shows it', idOf)
    .action(async (attempt: string, { json }: { json?: boolean }) => {
      const answer = await tools.client.get<{ tasks: TaskAnswer[] }>(pathOf('attempts', attempt, 'tasks'))
      if (json) return sayJson(tools, answer)
      const { status, project, workflow } = await tools.client.get<AttemptAnswer>(pathOf('attempts', attempt))
      tools.say(`Attempt ${attempt} of ${project.name}/${workflow.name}: ${status}`)
      const rows = answer.tasks.map((each) => [
        each.id,
        each.fullName,
        each.state,
        each.startedAt ?? '-',
        reasonOf(each),
      ])
      sayTable(tools, ['ID', 'TASK', 'STATE', 'STARTED', 'WHY'], rows, 'It has no task yet.')
    })
}

function reasonOf({ exitCause, error }: TaskAnswer): string {
  if (exitCause !== null) return exitCause
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : ''
  return String(message).split('\n')[0] ?? ''
}
