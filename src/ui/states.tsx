import type { ShownAttemptState, ShownDeliveryState, ShownDeployState, ShownTaskState } from '../shown/states.ts'
import { Glyph, type GlyphName, type Tone } from './glyph.tsx'

/** Colour, shape and word of a state: always the three. */
export type Look = { readonly glyph: GlyphName; readonly tone: Tone; readonly word: string }

const RUNNING = { glyph: 'run', tone: 'run', word: 'Running' } as const
const SUCCESS = { glyph: 'ok', tone: 'ok', word: 'Success' } as const
const ERROR = { glyph: 'fail', tone: 'fail', word: 'Error' } as const
const CANCELED = { glyph: 'cancel', tone: 'still', word: 'Canceled' } as const
const DECLINED = { glyph: 'fail', tone: 'fail', word: 'Declined' } as const
const FAILED = { glyph: 'fail', tone: 'fail', word: 'Failed' } as const

export const TASK_LOOKS = {
  blocked: { glyph: 'blocked', tone: 'still', word: 'Blocked' },
  ready: { glyph: 'ready', tone: 'still', word: 'Ready' },
  retry_waiting: { glyph: 'retry', tone: 'retry', word: 'Waits to retry' },
  group_retry_waiting: { glyph: 'group-retry', tone: 'retry', word: 'Group waits to retry' },
  running: RUNNING,
  planned: { glyph: 'planned', tone: 'run', word: 'Planned' },
  unknown: { glyph: 'unknown', tone: 'lost', word: 'Unknown' },
  success: SUCCESS,
  error: ERROR,
  group_error: { glyph: 'group-fail', tone: 'fail', word: 'Group error' },
  canceled: CANCELED,
} as const satisfies Record<ShownTaskState, Look>

export const ATTEMPT_LOOKS = {
  running: RUNNING,
  canceling: { glyph: 'run', tone: 'retry', word: 'Ending' },
  success: SUCCESS,
  error: ERROR,
  canceled: CANCELED,
} as const satisfies Record<ShownAttemptState, Look>

export const DEPLOY_LOOKS = {
  waiting: { glyph: 'blocked', tone: 'still', word: 'Waits its turn' },
  fetching: { glyph: 'run', tone: 'run', word: 'Fetching' },
  checking: { glyph: 'run', tone: 'run', word: 'Checking' },
  building: { glyph: 'run', tone: 'run', word: 'Building' },
  releasing: { glyph: 'run', tone: 'run', word: 'Releasing' },
  live: { glyph: 'live', tone: 'run', word: 'Live' },
  declined: DECLINED,
  failed: FAILED,
  replaced: { glyph: 'passed', tone: 'still', word: 'Replaced' },
} as const satisfies Record<ShownDeployState, Look>

const WAS_LIVE: Look = { glyph: 'passed', tone: 'still', word: 'Was live' }

/** What was live once and is not now looks so. */
export const lookOfDeploy = ({ state, isCurrent }: { state: ShownDeployState; isCurrent: boolean }): Look =>
  state === 'live' && !isCurrent ? WAS_LIVE : DEPLOY_LOOKS[state]

export const DELIVERY_LOOKS = {
  received: { glyph: 'run', tone: 'run', word: 'Received' },
  ignored: { glyph: 'passed', tone: 'still', word: 'Ignored' },
  deployed: { glyph: 'ok', tone: 'ok', word: 'Deployed' },
  declined: DECLINED,
  failed: FAILED,
} as const satisfies Record<ShownDeliveryState, Look>

type StateProps = { look: Look; word?: string }

export const State = ({ look, word = look.word }: StateProps) => <Shown look={look} word={word} class="state" />

/** A state beside a title. */
export const Chip = ({ look, word = look.word }: StateProps) => <Shown look={look} word={word} class="state chip" />

function Shown({ look, word, class: style }: { look: Look; word: string; class: string }) {
  return (
    <span class={`${style} is-${look.tone}`}>
      <Glyph name={look.glyph} tone={look.tone} />
      {word}
    </span>
  )
}
