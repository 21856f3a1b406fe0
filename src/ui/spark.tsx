import type { Outcome } from '../shown/attempt.ts'
import type { ShownAttemptState } from '../shown/states.ts'

const BARS = 30

/** 30 outcomes: height is duration, failures carry a cap, what runs is dashed, what was canceled is hollow. Places that nothing has taken yet are marked, so that a few bars do not look lost. */
export function Spark({ outcomes }: { outcomes: readonly Outcome[] }) {
  const shown = outcomes.slice(-BARS)
  const longest = Math.max(1, ...shown.map(({ ms }) => ms))
  return (
    <svg class="spark" viewBox="0 0 150 26" role="img" aria-label={describe(shown)}>
      {Array.from({ length: BARS - shown.length }, (_, index) => (
        <rect class="none" x={index * 5} y="24.5" width="3.5" height="1.5" />
      ))}
      {shown.map(({ state, ms }, index) => (
        <Bar
          state={state}
          x={(BARS - shown.length + index) * 5}
          height={Math.max(3, Math.round((ms / longest) * 16))}
        />
      ))}
    </svg>
  )
}

function Bar({ state, x, height }: { state: ShownAttemptState; x: number; height: number }) {
  const y = 26 - height
  if (state === 'running' || state === 'canceling')
    return <rect class="open" x={x + 0.6} y={y} width="2.4" height={height - 0.6} />
  if (state === 'canceled') return <rect class="void" x={x + 0.5} y={y} width="2.5" height={height - 0.5} />
  return (
    <>
      <path class={state === 'success' ? 'is-ok' : 'is-fail'} d={`M${x} ${y}h3.5v${height}h-3.5z`} />
      {state === 'error' ? <circle class="cap" cx={x + 1.75} cy={y - 4} r="1.75" /> : null}
    </>
  )
}

function describe(outcomes: readonly Outcome[]): string {
  const count = (state: ShownAttemptState) => outcomes.filter((one) => one.state === state).length
  const words = [
    [count('success'), 'passed'],
    [count('error'), 'failed'],
    [count('canceled'), 'canceled'],
    [count('running') + count('canceling'), 'running'],
  ] as const
  const said = words.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`)
  return said.length === 0 ? 'No session yet' : `Last ${outcomes.length} sessions: ${said.join(', ')}`
}
