import type { SkipReason } from './plan-sessions.ts'

/** What people are told of a schedule that waits for one of them. */
export const HELD = 'held: sessions were missed, and wait for a decision'

/** Why a session was left out. */
export const SKIPPED: Readonly<Record<SkipReason, string>> = {
  late: 'it was later than skip_delayed_by allows',
  running: 'another attempt was running',
  replaced: 'a later session was due as well, and would have replaced it',
  missed: 'nobody could start it in time, and _missed does not make it up',
}
