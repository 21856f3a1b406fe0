import { findLogOfImage } from '../db/builds.ts'
import {
  findBaseImage,
  listUnpushedImages,
  putBaseDigestIfSame,
  putDigestIfSame,
  type UnpushedImage,
} from '../db/images.ts'
import { appendAfterwards } from '../db/logs.ts'
import { type Database, isQuietlyAway } from '../db/sql.ts'
import type { ImageBuilder } from '../docker/build.ts'
import type { ImageRegistry } from '../docker/registry.ts'
import { pushImage } from './push-image.ts'

export type PushPorts = {
  readonly sql: Database
  readonly builder: Pick<ImageBuilder, 'list' | 'findBase'>
  readonly registry: ImageRegistry
  readonly now: () => Date
  readonly onBug: (error: unknown) => void
}

const LOOK_MS = 15_000

/** Pushes what could not be pushed when it was built, and the base image, so that other workers build with the same. Tries again until it is done. */
export function openPushes(ports: PushPorts, baseImage: string): { close(): Promise<void> } {
  const closing = new AbortController()
  let timer: NodeJS.Timeout
  let looking: Promise<void> = Promise.resolve()
  const look = async () => {
    await pushAll(ports, baseImage, closing.signal).catch((error: unknown) => {
      if (!closing.signal.aborted && !isQuietlyAway(error)) ports.onBug(error)
    })
    if (!closing.signal.aborted) timer = setTimeout(start, LOOK_MS)
  }
  const start = () => {
    looking = look()
  }
  timer = setTimeout(start, 0)
  return {
    close: async () => {
      closing.abort()
      clearTimeout(timer)
      await looking
    },
  }
}

async function pushAll(ports: PushPorts, baseImage: string, signal: AbortSignal): Promise<void> {
  const { sql, builder } = ports
  const here = await builder.list()
  for (const image of await listUnpushedImages(sql, [...here.keys()])) {
    if (here.get(image.tag) === image.imageId && !(await pushOne(ports, image, signal))) return
  }
  await pushBase(ports, baseImage, signal)
}

/** False: the registry cannot be used. The log of the image's build is told only of what was done: what is tried again and again would fill it. */
async function pushOne(ports: PushPorts, image: UnpushedImage, signal: AbortSignal): Promise<boolean> {
  const { sql, registry, now } = ports
  const lines: string[] = []
  const digest = await pushImage(registry, image.tag, (line) => lines.push(`${line}\n`), signal)
  if (digest === null) return false
  await putDigestIfSame(sql, { ...image, digest })
  const logId = await findLogOfImage(sql, image.key)
  if (logId !== undefined) await appendAfterwards(sql, logId, Buffer.from(lines.join('')), now())
  return true
}

async function pushBase({ sql, builder, registry }: PushPorts, name: string, signal: AbortSignal): Promise<void> {
  const base = await findBaseImage(sql, name)
  const isOurs = base !== undefined && base.digest === null && (await builder.findBase(name)) === base.imageId
  if (!isOurs || !isOwnBase(name)) return
  const digest = await pushImage(registry, withVersion(name), () => {}, signal)
  if (digest !== null) await putBaseDigestIfSame(sql, { name, imageId: base.imageId, digest })
}

/** Any other can be pulled from where it came from. */
export const isOwnBase = (name: string) => name.startsWith('sluice/')
export const withVersion = (name: string) => (/:[\w.-]+$/.test(name) ? name : `${name}:latest`)
