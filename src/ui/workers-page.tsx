import type { RunningTask, ShownQueue, ShownWorker } from '../shown/worker.ts'
import { countOf, saySpan } from './format.ts'
import { Glyph } from './glyph.tsx'
import { Following } from './parts.tsx'
import { Queues, sayWaiting } from './queue-table.tsx'
import { RunningTasks } from './running-table.tsx'
import { Shell, type View } from './shell.tsx'
import { Workers } from './worker-table.tsx'

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
        <Gone view={view} props={props} />
        <Paused workers={props.workers} />
        <Queues view={view} queues={props.queues} />
        <Workers view={view} workers={props.workers} />
        <RunningTasks view={view} tasks={props.tasks} workers={props.workers} />
      </div>
    ),
  }
}

function Head({ props: { workers, queues } }: { props: WorkersPageProps }) {
  const heard = workers.filter(({ state }) => state === 'online' || state === 'draining')
  const slots = heard.reduce((sum, one) => sum + one.slots, 0)
  const busy = heard.reduce((sum, one) => sum + one.active, 0)
  return (
    <div class="head" id="head">
      <div>
        <h1 class="headline">
          {heard.length === 0
            ? 'No worker is online.'
            : `${busy} of ${countOf(slots, 'slot')} ${busy === 1 ? 'is' : 'are'} busy.`}
        </h1>
        <p class="lede">
          <Waiting queues={queues} />
        </p>
      </div>
      <Following />
    </div>
  )
}

/** How much waits, and what of it waits for nobody. */
function Waiting({ queues }: { queues: readonly ShownQueue[] }) {
  const waiting = queues.reduce((sum, one) => sum + one.waiting, 0)
  if (waiting === 0) return <>No task waits.</>
  return (
    <>
      <b>{waiting === 1 ? '1 task waits' : `${sayWaiting(waiting)} tasks wait`}.</b>
      {queues
        .filter((queue) => queue.online === 0 && queue.waiting > 0)
        .map(({ queue, waiting: count }) => (
          <>
            {' '}
            {waiting === 1 ? 'It needs' : count === 1 ? '1 needs' : `${sayWaiting(count)} need`} queue{' '}
            <code>{queue}</code>, which no worker serves.
          </>
        ))}
    </>
  )
}

/** Who has not been heard for longer than this is no news any more; the table has it for some days. */
const NEWS_MS = 24 * 3_600_000
/** Who looks at more of them looks at the table. */
const MOST_NOTICES = 3

function Gone({ view, props: { workers } }: Props) {
  const gone = workers.filter(
    ({ state, heardAt }) => state === 'gone' && view.now.getTime() - heardAt.getTime() < NEWS_MS,
  )
  if (gone.length === 0) return null
  return (
    <div class="stack close">
      {gone.slice(0, MOST_NOTICES).map((worker) => (
        <GoneWorker view={view} worker={worker} />
      ))}
      {gone.length > MOST_NOTICES ? (
        <p class="small quiet">{countOf(gone.length - MOST_NOTICES, 'more worker')} not heard any more: see below.</p>
      ) : null}
    </div>
  )
}

function GoneWorker({ view, worker }: { view: View; worker: ShownWorker }) {
  const { name, host, heardAt, active } = worker
  return (
    <div class="notice is-lost">
      <Glyph name="unknown" tone="lost" />
      <span>
        <b>
          {name} is gone: it was last heard {saySpan(view.now.getTime() - heardAt.getTime())} ago.
        </b>{' '}
        {active === 0
          ? `It ran nothing, so no task was lost. Look at its host, ${host}.`
          : `It ran ${countOf(active, 'task')}. Look at its host, ${host}: when it starts again it takes up what it ran.`}
      </span>
    </div>
  )
}

/** Heard, and taking nothing new for now. */
function Paused({ workers }: { workers: readonly ShownWorker[] }) {
  const paused = workers.filter(({ state, problem }) => state === 'online' && problem !== null)
  if (paused.length === 0) return null
  return (
    <div class="stack close">
      {paused.slice(0, MOST_NOTICES).map(({ name, problem }) => (
        <div class="notice is-late">
          <Glyph name="late" tone="late" />
          <span>
            <b>{name} takes no new tasks.</b> {problem}
          </span>
        </div>
      ))}
      {paused.length > MOST_NOTICES ? (
        <p class="small quiet">{countOf(paused.length - MOST_NOTICES, 'more worker')} too.</p>
      ) : null}
    </div>
  )
}
