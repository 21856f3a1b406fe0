import type { BuildId, Digest, LogId, ProjectId } from '../brand.ts'
import { type Build, findOpenBuild, insertBuildIfNoneOpen, type NewBuild } from '../db/builds.ts'
import { findImageForUse, listBaseImages } from '../db/images.ts'
import { insertLog } from '../db/logs.ts'
import type { Database } from '../db/sql.ts'
import { imageKey, listBases } from '../environment/image-key.ts'
import type { Plan } from '../environment/plan.ts'
import type { WakeUps } from '../queue/wake-ups.ts'

export type RequiredImage =
  | { readonly kind: 'known'; readonly imageKey: string }
  | { readonly kind: 'building'; readonly imageKey: string; readonly buildId: BuildId; readonly logId: LogId }

type Ports = { sql: Database; wakeUps: Pick<WakeUps, 'ring'> }
type Need = { readonly projectId: ProjectId; readonly plan: Plan; readonly sourceDigest: Digest }

/** The queue that every worker with an engine hears. */
export const BUILD_QUEUE = 'build'

/** An image that is known costs one look. Another one is queued to be built, once however many pushes need it. */
export async function requireImage({ sql, wakeUps }: Ports, need: Need, now: Date): Promise<RequiredImage> {
  const key = imageKey(need.plan, await listBaseImages(sql, listBases(need.plan)))
  if ((await findImageForUse(sql, key, now)) !== undefined) return { kind: 'known', imageKey: key }
  const build = await queueBuild(sql, { ...need, imageKey: key }, now)
  if (build === undefined) return requireImage({ sql, wakeUps }, need, now) // it is open or known by now
  // After the commit: a ring lost here is rung again by the sweep.
  await wakeUps.ring([{ kind: 'build', id: build.id, epoch: '0', queue: BUILD_QUEUE }])
  return { kind: 'building', imageKey: key, buildId: build.id, logId: build.logId }
}

/** Undefined: somebody else queued it a moment ago. */
async function queueBuild(sql: Database, need: Omit<NewBuild, 'logId'>, now: Date): Promise<Build | undefined> {
  const open = await findOpenBuild(sql, need.imageKey)
  if (open !== undefined) return open
  return sql.begin(async (tx) => insertBuildIfNoneOpen(tx, { ...need, logId: await insertLog(tx) }, now))
}
