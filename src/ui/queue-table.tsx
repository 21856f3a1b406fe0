import { MOST_WAITING, type ShownQueue } from '../shown/worker.ts'
import { sayCount, sayDuration } from './format.ts'
import { LineSpark } from './line-spark.tsx'
import { Section } from './parts.tsx'
import type { View } from './shell.tsx'
import { type Look, State } from './states.tsx'

const FLOWS: Look = { glyph: 'ok', tone: 'ok', word: 'Flows' }
const BUSY: Look = { glyph: 'late', tone: 'late', word: 'Waits' }
const NOBODY: Look = { glyph: 'unknown', tone: 'lost', word: 'No worker' }
/** Longer than this, a ready task waits for something. */
const WAITS_AFTER_MS = 10_000

export function Queues({ view, queues }: { view: View; queues: readonly ShownQueue[] }) {
  return (
    <Section title="Queues" id="queues">
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
                <th class="n">Per min</th>
                <th>Last hour</th>
                <th>Workers</th>
              </tr>
            </thead>
            <tbody>
              {queues.map((queue) => (
                <QueueRow view={view} queue={queue} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function QueueRow({ view, queue }: { view: View; queue: ShownQueue }) {
  const { waiting, oldestAt, online, minutes, perMinute } = queue
  const ageMs = oldestAt === null ? null : view.now.getTime() - oldestAt.getTime()
  const look = online === 0 ? NOBODY : ageMs !== null && ageMs > WAITS_AFTER_MS ? BUSY : FLOWS
  return (
    <tr>
      <td>
        <span class="id strong">{queue.queue}</span>
      </td>
      <td>
        <State look={look} />
      </td>
      <td class="n" data-l="waiting">
        {sayWaiting(waiting)}
      </td>
      <td class="n" data-l="oldest">
        {ageMs === null ? '–' : sayDuration(ageMs)}
      </td>
      <td class="n" data-l="per min">
        {sayRate(perMinute)}
      </td>
      <td class="hide-phone">
        <LineSpark values={minutes} label={`${sayCount(sum(minutes))} tasks ended in the last hour`} />
      </td>
      <td class="small soft hide-phone">{online} online</td>
    </tr>
  )
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

export const sayWaiting = (waiting: number): string =>
  waiting < MOST_WAITING ? sayCount(waiting) : `${sayCount(MOST_WAITING)}+`

/** One decimal where it says something. */
const sayRate = (rate: number): string => (rate >= 10 || rate === 0 ? sayCount(Math.round(rate)) : rate.toFixed(1))
