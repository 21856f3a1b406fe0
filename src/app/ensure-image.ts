import { putImage } from '../db/images.ts'
import type { Database } from '../db/sql.ts'
import { Refusal } from '../refusal.ts'
import { type BuildImagePorts, buildImage, type ImageNeed } from './build-image.ts'

type Ports = BuildImagePorts & { readonly sql: Database; readonly now: () => Date }

/** Makes sure that this worker's engine has the image under its tag: it is built here when another engine built it, or when it was removed. */
export type EnsureImage = (need: ImageNeed) => Promise<void>

/** An engine is not asked again for what it had a moment ago: tasks come by the hundred. */
const TRUSTED_MS = 30_000

/** Throws a Refusal when it cannot be had. Tasks that need the same image wait for the same build. */
export function openEnsureImage(ports: Ports): EnsureImage {
  const building = new Map<string, Promise<void>>()
  const seenAt = new Map<string, number>()
  return async (need) => {
    const { tag } = need
    if (performance.now() - (seenAt.get(tag) ?? Number.NEGATIVE_INFINITY) < TRUSTED_MS) return
    const open = building.get(tag) ?? findOrBuild(ports, need).finally(() => building.delete(tag))
    building.set(tag, open)
    await open
    seenAt.set(tag, performance.now())
  }
}

async function findOrBuild(ports: Ports, need: ImageNeed): Promise<void> {
  if ((await ports.builder.find(need.tag)) !== null) return
  const end = await buildImage(ports, need, () => {}, new AbortController().signal)
  if (end.kind === 'aborted') throw new Error('nobody stops this build')
  if (end.kind === 'unavailable') throw new Refusal('unavailable', end.why, 'Waiting tasks go on by themselves.')
  if (end.kind === 'failed')
    throw new Refusal(
      'unavailable',
      `The image of this revision cannot be built on this worker: ${end.problem}.`,
      end.hint,
    )
  await putImage(ports.sql, { key: need.imageKey, tag: need.tag, ...end }, ports.now())
}
