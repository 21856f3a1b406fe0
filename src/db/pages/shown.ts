import type { Sql } from '../sql.ts'

/** An attempt as people see it: one that was asked to end is ending. For queries that read from `attempts`. */
export const shownState = (sql: Sql) =>
  sql`case when attempts.state = 'running' and cancel_requested_at is not null then 'canceling' else attempts.state::text end`

/** A worker renews its word every three seconds: one that was silent for so long is not counted. What it held may be somebody else's by then. */
export const SILENT_AFTER_MS = 15_000
export const heardSince = (now: Date): Date => new Date(now.getTime() - SILENT_AFTER_MS)
