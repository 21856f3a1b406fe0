import { forgetSourcesOfBuilds } from '../db/builds.ts'
import { deleteSourceIfUnneeded, listOldSources, type SourcePlace } from '../db/sources.ts'
import type { Sql } from '../db/sql.ts'

/** A deploy that brought a source has released it, or has a build that holds it, long before this. */
const KEPT_MS = 86_400_000
const LOOKED_AT_ONCE = 50

/**
 * Deletes a few sources that no revision and no build needs: what declined deploys have left. Those of revisions stay, for they may be rolled back to.
 * Gives where to go on next time; null: from the beginning. Any number of webs may do it at once.
 */
export async function collectSources(sql: Sql, after: SourcePlace | null, now: Date): Promise<SourcePlace | null> {
  const neededBefore = new Date(now.getTime() - KEPT_MS)
  await forgetSourcesOfBuilds(sql, neededBefore, LOOKED_AT_ONCE)
  const old = await listOldSources(sql, { neededBefore, after, limit: LOOKED_AT_ONCE })
  for (const { digest } of old) await deleteSourceIfUnneeded(sql, digest, neededBefore)
  return old.length < LOOKED_AT_ONCE ? null : (old.at(-1) ?? null)
}
