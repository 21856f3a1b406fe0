import type { RunningAttempt } from '../shown/overview.ts'
import { countOf, sayDuration } from './format.ts'
import { Glyph } from './glyph.tsx'
import { Section } from './parts.tsx'
import { attemptPath, type View } from './shell.tsx'

/** What runs, and how far it is of what it usually takes. */
export function Running({ view, running }: { view: View; running: readonly RunningAttempt[] }) {
  const tasks = running.reduce((sum, one) => sum + one.running, 0)
  return (
    <Section
      title="Running"
      note={running.length === 0 ? null : `${countOf(running.length, 'attempt')}, ${countOf(tasks, 'task')}`}
    >
      {running.length === 0 ? (
        <p class="sheet pad quiet">Nothing runs right now.</p>
      ) : (
        <div class="sheet">
          <table class="table fold">
            <thead>
              <tr>
                <th>Attempt</th>
                <th>Now in</th>
                <th class="n">Running</th>
                <th>Of the usual</th>
              </tr>
            </thead>
            <tbody>
              {running.map((one) => (
                <RunningRow view={view} one={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function RunningRow({ view, one }: { view: View; one: RunningAttempt }) {
  const ms = view.now.getTime() - one.startedAt.getTime()
  const share = one.usualMs === null ? null : Math.min(100, Math.round((ms / Math.max(1, one.usualMs)) * 100))
  return (
    <tr>
      <td>
        <span class="row nowrap">
          <Glyph name="run" tone="run" />
          <span>
            <a class="strong" href={attemptPath(one.id)}>
              {one.workflow}
            </a>{' '}
            <span class="quiet">{one.project}</span>
          </span>
        </span>
      </td>
      <td class="w-now full">
        <span class="id">{one.now ?? 'between tasks'}</span>
        {one.running > 1 ? <span class="quiet small"> and {one.running - 1} more</span> : null}
      </td>
      <td class="n">{sayDuration(ms)}</td>
      <td class="w-meter">
        {share === null ? (
          <span class="quiet small">first run</span>
        ) : (
          <svg class="meter" role="img" aria-label={`${share} % of usual time`}>
            <rect class={share < 100 ? 'is-run' : 'is-late'} width={`${share}%`} height="6" />
          </svg>
        )}
      </td>
    </tr>
  )
}
