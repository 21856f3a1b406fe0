import type { RunningTask, ShownQueue, ShownWorker } from '../shown/worker.ts'
import { countOf, sayCount, sayDuration, saySpan } from './format.ts'
import { Glyph } from './glyph.tsx'
import { Following, Section } from './parts.tsx'
import { attemptPath, Shell, type View } from './shell.tsx'
import { type Look, State } from './states.tsx'

export type WorkersPageProps = {
  readonly workers: readonly ShownWorker[]
  readonly tasks: readonly RunningTask[]
  readonly queues: readonly ShownQueue[]
}

type Props = { readonly view: View; readonly props: WorkersPageProps }

export function WorkersPage({ view, props }: Props) {
  return (
    <Shell view={view} title="Workers" place="workers" crumbs={[{ word: 'Workers' }]} events="/events/workers">
      {Object.values(workersParts({ view, props }))}
    </Shell>
  )
}

export function workersParts({ view, props }: Props) {
  return {
    head: <Head props={props} />,
    body: (
      <div class="stack" id="body">
        <Silent view={view} props={props} />
        <Queues view={view} queues={props.queues} />
        <Workers view={view} workers={props.workers} />
        <Tasks view={view} props={props} />
      </div>
    ),
  }
}

function Head({ props: { workers, queues } }: { props: WorkersPageProps }) {
  const online = workers.filter(({ status }) => status === 'online')
  const slots = online.reduce((sum, one) => sum + one.slots, 0)
  const busy = online.reduce((sum, one) => sum + one.active, 0)
  const waiting = queues.reduce((sum, one) => sum + one.waiting, 0)
  return (
    <div class="head" id="head">
      <div>
        <h1 class="headline">
          {online.length === 0
            ? 'No worker is online.'
            : `${busy} of ${countOf(slots, 'slot')} ${busy === 1 ? 'is' : 'are'} busy.`}
        </h1>
        <p class="lede">
          {waiting === 0 ? 'No task waits.' : `${countOf(waiting, 'task')} ${waiting === 1 ? 'waits' : 'wait'}.`}
        </p>
      </div>
      <Following />
    </div>
  )
}

function Silent({ view, props: { workers } }: Props) {
  const silent = workers.filter(({ status }) => status === 'silent')
  if (silent.length === 0) return null
  return (
    <div class="stack close">
      {silent.map((worker) => (
        <div class="notice is-lost">
          <Glyph name="unknown" tone="lost" />
          <span>
            <b>
              {worker.name} has been silent for {saySpan(view.now.getTime() - worker.heardAt.getTime())}.
            </b>{' '}
            {worker.active === 0
              ? 'It ran nothing, so no task was lost.'
              : `${countOf(worker.active, 'task')} ran on it.`}{' '}
            Look at its host: {worker.host}.
          </span>
        </div>
      ))}
    </div>
  )
}

const FLOWS: Look = { glyph: 'ok', tone: 'ok', word: 'Flows' }
const BUSY: Look = { glyph: 'late', tone: 'late', word: 'Waits' }
const NOBODY: Look = { glyph: 'unknown', tone: 'lost', word: 'No worker' }
/** Longer than this, a ready task waits for something. */
const WAITS_AFTER_MS = 10_000

function Queues({ view, queues }: { view: View; queues: readonly ShownQueue[] }) {
  return (
    <Section title="Queues">
      {queues.length === 0 ? (
        <p class="sheet pad quiet">No worker serves a queue, and no task waits in one.</p>
      ) : (
        <div class="sheet">
          <table class="table fold">
            <thead>
              <tr>
                <th>Queue</th>
                <th>State</th>
                <th class="n">Waiting</th>
                <th class="n">Oldest</th>
                <th class="n">Workers</th>
              </tr>
            </thead>
            <tbody>
              {queues.map(({ queue, waiting, oldestAt, online }) => {
                const age = oldestAt === null ? null : view.now.getTime() - oldestAt.getTime()
                const look = online === 0 ? NOBODY : age !== null && age > WAITS_AFTER_MS ? BUSY : FLOWS
                return (
                  <tr>
                    <td>
                      <span class="id strong">{queue}</span>
                    </td>
                    <td>
                      <State look={look} />
                    </td>
                    <td class="n" data-l="waiting">
                      {sayCount(waiting)}
                    </td>
                    <td class="n" data-l="oldest">
                      {age === null ? '–' : sayDuration(age)}
                    </td>
                    <td class="n hide-phone">{online} online</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function Workers({ view, workers }: { view: View; workers: readonly ShownWorker[] }) {
  if (workers.length === 0) return <p class="sheet pad quiet">No worker was ever heard. Start one: sluice worker.</p>
  return (
    <Section title="Workers" note="counts since each was made">
      <div class="sheet">
        <table class="table fold">
          <thead>
            <tr>
              <th>Worker</th>
              <th>Status</th>
              <th>Slots</th>
              <th class="n">Active</th>
              <th class="n">Processed</th>
              <th class="n">Failed</th>
              <th>Queues</th>
              <th>Runs tasks in</th>
              <th class="n">Heard</th>
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <tr>
                <td>
                  <span class="id strong">{worker.name}</span>
                </td>
                <td>
                  <WorkerStatus worker={worker} now={view.now} />
                </td>
                <td>
                  <Slots worker={worker} />
                </td>
                <td class="n hide-phone">{worker.active}</td>
                <td class="n" data-l="processed">
                  {sayCount(worker.processed)}
                </td>
                <td class="n hide-phone">{sayCount(worker.failed)}</td>
                <td class="small hide-phone">{worker.queues.join(', ')}</td>
                <td class="small hide-phone">
                  {worker.executor === 'docker' ? `Docker ${worker.engine ?? ''}` : 'processes, not isolated'}
                </td>
                <td class="n small quiet hide-phone">{saySpan(view.now.getTime() - worker.heardAt.getTime())} ago</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  )
}

function Tasks({ view, props: { tasks, workers } }: Props) {
  const names = new Map(workers.map(({ id, name }) => [id, name]))
  return (
    <Section title="Running tasks">
      {tasks.length === 0 ? (
        <p class="sheet pad quiet">Nothing runs right now.</p>
      ) : (
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
                <tr>
                  <td>
                    <a class="id strong" href={`${attemptPath(task.attemptId)}?task=${task.id}#log`}>
                      {task.fullName}
                    </a>
                  </td>
                  <td class="hide-phone">{task.project}</td>
                  <td class="hide-phone">
                    <span class="id">{names.get(task.workerId) ?? task.workerId}</span>
                  </td>
                  <td class="n hide-phone">
                    <a class="id" href={attemptPath(task.attemptId)}>
                      {task.attemptId}
                    </a>
                  </td>
                  <td class="n">{sayDuration(view.now.getTime() - task.startedAt.getTime())}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

export function WorkerStatus({ worker, now }: { worker: ShownWorker; now: Date }) {
  if (worker.status === 'online') return <State look={{ glyph: 'ok', tone: 'ok', word: 'Online' }} />
  if (worker.status === 'stopped') return <State look={{ glyph: 'passed', tone: 'still', word: 'Stopped' }} />
  return (
    <State
      look={{ glyph: 'unknown', tone: 'lost', word: `Silent ${saySpan(now.getTime() - worker.heardAt.getTime())}` }}
    />
  )
}

const MOST_SLOTS = 16

/** Places, full of water when a task is in them. */
export function Slots({ worker }: { worker: ShownWorker }) {
  const { slots, active, status } = worker
  const label = `${active} of ${slots} slots busy`
  if (slots > MOST_SLOTS) return <span class="small">{label}</span>
  return (
    <span class="slots" role="img" aria-label={label}>
      {Array.from({ length: slots }, (_, index) => (
        <i class={status === 'online' ? (index < active ? 'in' : '') : 'off'}></i>
      ))}
    </span>
  )
}
