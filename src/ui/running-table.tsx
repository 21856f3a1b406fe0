import type { RunningTask, ShownWorker } from '../shown/worker.ts'
import { sayDuration } from './format.ts'
import { Section } from './parts.tsx'
import { attemptPath, type View } from './shell.tsx'

type Props = { readonly view: View; readonly tasks: readonly RunningTask[]; readonly workers: readonly ShownWorker[] }

export function RunningTasks({ view, tasks, workers }: Props) {
  const names = new Map(workers.map(({ id, name }) => [id, name]))
  if (tasks.length === 0)
    return (
      <Section title="Running tasks">
        <p class="sheet pad quiet">Nothing runs right now.</p>
      </Section>
    )
  return (
    <Section title="Running tasks">
      <div class="sheet">
        <table class="table fold">
          <thead>
            <tr>
              <th>Task</th>
              <th>Project</th>
              <th>Worker</th>
              <th class="n">Attempt</th>
              <th class="n">Running</th>
            </tr>
          </thead>
          <tbody>
            {tasks.map((task) => (
              <RunningRow view={view} task={task} worker={names.get(task.workerId) ?? task.workerId} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  )
}

function RunningRow({ view, task, worker }: { view: View; task: RunningTask; worker: string }) {
  return (
    <tr>
      <td>
        <a class="id strong" href={`${attemptPath(task.attemptId)}?task=${task.id}#log`}>
          {task.fullName}
        </a>
      </td>
      <td class="hide-phone">{task.project}</td>
      <td class="hide-phone">
        <span class="id">{worker}</span>
      </td>
      <td class="n hide-phone">
        <a class="id" href={attemptPath(task.attemptId)}>
          {task.attemptId}
        </a>
      </td>
      <td class="n">{sayDuration(view.now.getTime() - task.startedAt.getTime())}</td>
    </tr>
  )
}
