import { putImage } from '../db/images.ts'
import type { Database } from '../db/sql.ts'
import { imageTag } from '../environment/image-key.ts'
import { Refusal } from '../refusal.ts'
import { type BuildImagePorts, buildImage, type ImageNeed } from './build-image.ts'

type Ports = BuildImagePorts & { readonly sql: Database; readonly now: () => Date }

/** Gives the tag of the image of a key on this worker's engine, built here when another engine built it or it was removed. */
export type EnsureImage = (need: ImageNeed) => Promise<string>

/** Throws a Refusal when it cannot be had. Tasks that need the same image wait for the same build. */
export function openEnsureImage(ports: Ports): EnsureImage {
  const building = new Map<string, Promise<string>>()
  return async (need) => {
    const tag = imageTag(need.projectName, need.imageKey)
    if ((await ports.builder.find(tag)) !== null) return tag
    const open = building.get(need.imageKey) ?? build(ports, need, tag).finally(() => building.delete(need.imageKey))
    building.set(need.imageKey, open)
    return open
  }
}

async function build(ports: Ports, need: ImageNeed, tag: string): Promise<string> {
  const end = await buildImage(ports, need, () => {}, new AbortController().signal)
  if (end.kind === 'aborted') throw new Error('nobody stops this build')
  if (end.kind === 'failed')
    throw new Refusal(
      'unavailable',
      `The image of this revision cannot be built on this worker: ${end.problem}.`,
      end.hint,
    )
  await ports.sql.begin((tx) => putImage(tx, { key: need.imageKey, tag, ...end }, ports.now()))
  return tag
}
