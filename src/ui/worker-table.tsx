import type { ShownWorker } from '../shown/worker.ts'
import { countOf, sayAgo, sayCount, saySpan } from './format.ts'
import { Section } from './parts.tsx'
import type { View } from './shell.tsx'
import { type Look, State } from './states.tsx'

export function Workers({ view, workers }: { view: View; workers: readonly ShownWorker[] }) {
  if (workers.length === 0)
    return (
      <Section title="Workers">
        <p class="sheet pad quiet">
          No worker was heard. Start one: <code>sluice worker</code>
        </p>
      </Section>
    )
  return (
    <Section title="Workers" note="counts since each was made">
      <div class="sheet">
        <table class="table fold fleet">
          <thead>
            <tr>
              <th>Worker</th>
              <th>Status</th>
              <th>Slots</th>
              <th class="n">Active</th>
              <th class="n">Processed</th>
              <th class="n">Failed</th>
              <th class="n spare">Succeeded</th>
              <th class="n spare">Retried</th>
              <th class="n spare">Load 1, 5, 15 min</th>
              <th>Queues</th>
              <th class="n spare">Heard</th>
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <WorkerRow view={view} worker={worker} />
            ))}
          </tbody>
          <Totals workers={workers} />
        </table>
      </div>
    </Section>
  )
}

function WorkerRow({ view, worker }: { view: View; worker: ShownWorker }) {
  return (
    <tr>
      <td>
        <span class="id strong">{worker.name}</span>
        <span class="small quiet below hide-phone">{placeOf(worker)}</span>
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
      <td class="n" data-l="failed">
        {sayCount(worker.failed)}
      </td>
      <td class="n hide-phone spare">{sayCount(worker.succeeded)}</td>
      <td class="n hide-phone spare">{sayCount(worker.retried)}</td>
      <td class="n hide-phone spare">
        <Load worker={worker} />
      </td>
      <td class="small hide-phone">{worker.queues.join(', ')}</td>
      <td class="n small quiet hide-phone spare">{sayAgo(worker.heardAt, view.now)}</td>
    </tr>
  )
}

function placeOf({ executor, engine, host, name }: ShownWorker): string {
  const where = executor === 'docker' ? `Docker ${engine ?? ''}` : 'not isolated'
  return name.startsWith(host) ? where : `${host}, ${where}`
}

/** What its host does now is not known of one that is not heard. */
function Load({ worker: { loadAverage, state } }: { worker: ShownWorker }) {
  const [first, ...rest] = loadAverage.map((load) => load.toFixed(2))
  if (first === undefined || state === 'gone' || state === 'stopped') return <span class="quiet">–</span>
  return (
    <>
      {first} <span class="quiet">{rest.join(' ')}</span>
    </>
  )
}

function Totals({ workers }: { workers: readonly ShownWorker[] }) {
  const sum = (key: 'slots' | 'active' | 'processed' | 'failed' | 'succeeded' | 'retried') =>
    sayCount(workers.reduce((total, worker) => total + worker[key], 0))
  return (
    <tfoot>
      <tr>
        <td>{countOf(workers.length, 'worker')}</td>
        <td></td>
        <td class="small">{sum('slots')} slots</td>
        <td class="n">{sum('active')}</td>
        <td class="n">{sum('processed')}</td>
        <td class="n">{sum('failed')}</td>
        <td class="n spare">{sum('succeeded')}</td>
        <td class="n spare">{sum('retried')}</td>
        <td class="spare"></td>
        <td></td>
        <td class="spare"></td>
      </tr>
    </tfoot>
  )
}

export function WorkerStatus({ worker, now }: { worker: ShownWorker; now: Date }) {
  return <State look={lookOf(worker, now)} />
}

function lookOf({ state, heardAt }: ShownWorker, now: Date): Look {
  switch (state) {
    case 'online':
      return { glyph: 'ok', tone: 'ok', word: 'Online' }
    case 'draining':
      return { glyph: 'late', tone: 'retry', word: 'Draining' }
    case 'gone':
      return { glyph: 'unknown', tone: 'lost', word: `Gone ${saySpan(now.getTime() - heardAt.getTime())}` }
    case 'stopped':
      return { glyph: 'passed', tone: 'still', word: 'Stopped' }
  }
}

const MOST_SLOTS = 16

/** Places, full of water when a task is in them. */
export function Slots({ worker }: { worker: ShownWorker }) {
  const { slots, active } = worker
  const label = `${active} of ${slots} slots busy`
  if (slots > MOST_SLOTS) return <span class="small">{label}</span>
  return (
    <span class="slots" role="img" aria-label={label}>
      {Array.from({ length: slots }, (_, index) => (
        <i class={slotLook(worker, index)}></i>
      ))}
    </span>
  )
}

function slotLook({ state, active }: ShownWorker, index: number): string {
  if (state === 'gone' || state === 'stopped') return 'off'
  if (index < active) return 'in'
  return state === 'draining' ? 'drain' : ''
}
