import type { ShownAttemptState, ShownDeliveryState, ShownDeployState, ShownTaskState } from '../shown/states.ts'
import { Glyph, type GlyphName, type Tone } from './glyph.tsx'

/** Colour, shape and word of a state: always the three. */
export type Look = { readonly glyph: GlyphName; readonly tone: Tone; readonly word: string }

export const TASK_LOOKS = {
  blocked: { glyph: 'blocked', tone: 'still', word: 'Blocked' },
  ready: { glyph: 'ready', tone: 'still', word: 'Ready' },
  retry_waiting: { glyph: 'retry', tone: 'retry', word: 'Waits to retry' },
  group_retry_waiting: { glyph: 'group-retry', tone: 'retry', word: 'Group waits to retry' },
  running: { glyph: 'run', tone: 'run', word: 'Running' },
  planned: { glyph: 'planned', tone: 'run', word: 'Planned' },
  unknown: { glyph: 'unknown', tone: 'lost', word: 'Unknown' },
  success: { glyph: 'ok', tone: 'ok', word: 'Success' },
  error: { glyph: 'fail', tone: 'fail', word: 'Error' },
  group_error: { glyph: 'group-fail', tone: 'fail', word: 'Group error' },
  canceled: { glyph: 'cancel', tone: 'still', word: 'Canceled' },
} as const satisfies Record<ShownTaskState, Look>

export const ATTEMPT_LOOKS = {
  running: { glyph: 'run', tone: 'run', word: 'Running' },
  canceling: { glyph: 'run', tone: 'retry', word: 'Ending' },
  success: { glyph: 'ok', tone: 'ok', word: 'Success' },
  error: { glyph: 'fail', tone: 'fail', word: 'Error' },
  canceled: { glyph: 'cancel', tone: 'still', word: 'Canceled' },
} as const satisfies Record<ShownAttemptState, Look>

export const DEPLOY_LOOKS = {
  waiting: { glyph: 'blocked', tone: 'still', word: 'Waits its turn' },
  fetching: { glyph: 'run', tone: 'run', word: 'Fetching' },
  checking: { glyph: 'run', tone: 'run', word: 'Checking' },
  building: { glyph: 'run', tone: 'run', word: 'Building' },
  releasing: { glyph: 'run', tone: 'run', word: 'Releasing' },
  live: { glyph: 'live', tone: 'run', word: 'Live' },
  declined: { glyph: 'fail', tone: 'fail', word: 'Declined' },
  failed: { glyph: 'fail', tone: 'fail', word: 'Failed' },
  replaced: { glyph: 'passed', tone: 'still', word: 'Replaced' },
} as const satisfies Record<ShownDeployState, Look>

export const DELIVERY_LOOKS = {
  received: { glyph: 'run', tone: 'run', word: 'Received' },
  ignored: { glyph: 'passed', tone: 'still', word: 'Ignored' },
  deployed: { glyph: 'ok', tone: 'ok', word: 'Deployed' },
  declined: { glyph: 'fail', tone: 'fail', word: 'Declined' },
  failed: { glyph: 'fail', tone: 'fail', word: 'Failed' },
} as const satisfies Record<ShownDeliveryState, Look>

export function State({ look, word = look.word }: { look: Look; word?: string }) {
  return (
    <span class={`state is-${look.tone}`}>
      <Glyph name={look.glyph} tone={look.tone} />
      {word}
    </span>
  )
}

/** A state beside a title. */
export function Chip({ look, word = look.word }: { look: Look; word?: string }) {
  return (
    <span class={`state chip is-${look.tone}`}>
      <Glyph name={look.glyph} tone={look.tone} />
      {word}
    </span>
  )
}
