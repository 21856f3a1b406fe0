import { findLogOfImage } from '../db/builds.ts'
import { findImageForUse, putImage } from '../db/images.ts'
import { appendAfterwards } from '../db/logs.ts'
import type { Database } from '../db/sql.ts'
import type { ImageRegistry } from '../docker/registry.ts'
import { Refusal } from '../refusal.ts'
import { type BuildImagePorts, buildImage, explainBroken, type ImageNeed, isWorthAnother } from './build-image.ts'
import { openBuildLog } from './tell-build.ts'

type Ports = BuildImagePorts & {
  readonly sql: Database
  readonly registry?: ImageRegistry
  /** Who says what it does in the log of the image's build, beside others. */
  readonly workerName: string
  readonly now: () => Date
}

/** Makes sure that this worker's engine has the image under its tag: pulled where a registry has it, else built here, when another engine built it or it was removed. */
export type EnsureImage = (need: ImageNeed) => Promise<void>

/** An engine is not asked again for what it had a moment ago: tasks come by the hundred. */
const TRUSTED_MS = 30_000

/** Throws a Refusal when it cannot be had. Tasks that need the same image wait for the same pull or build. */
export function openEnsureImage(ports: Ports): EnsureImage {
  const fetching = new Map<string, Promise<void>>()
  const seenAt = new Map<string, number>()
  return async (need) => {
    const { tag } = need
    if (performance.now() - (seenAt.get(tag) ?? Number.NEGATIVE_INFINITY) < TRUSTED_MS) return
    const open = fetching.get(tag) ?? findOrFetch(ports, need).finally(() => fetching.delete(tag))
    fetching.set(tag, open)
    await open
    seenAt.set(tag, performance.now())
  }
}

async function findOrFetch(ports: Ports, need: ImageNeed): Promise<void> {
  if ((await ports.builder.find(need.tag)) !== null) return
  const log = await openLog(ports, need)
  try {
    if (!(await pull(ports, need, log.tell))) await build(ports, need, log.tell)
  } finally {
    await log.written()
  }
}

async function openLog({ sql, workerName, now }: Ports, { imageKey }: ImageNeed) {
  const id = await findLogOfImage(sql, imageKey)
  if (id === undefined) return { tell: () => {}, written: async () => {} }
  const log = openBuildLog(sql, id, now, appendAfterwards)
  return { ...log, tell: (line: string) => log.tell(`${workerName}: ${line}`) }
}

/** False: no registry has it. One that does not answer is waited for: what is built twice may come out differently. */
async function pull(
  { sql, registry, now }: Ports,
  { imageKey, tag }: ImageNeed,
  tell: (line: string) => void,
): Promise<boolean> {
  const image = await findImageForUse(sql, imageKey, now())
  if (registry === undefined || image === undefined || image.digest === null) return false
  const end = await registry.pull({ tag, digest: image.digest }, tell, new AbortController().signal)
  if (end.kind === 'unavailable') throw unavailable(registry, end.why)
  if (end.kind === 'absent') tell('The registry has it no more, so it is built here')
  return end.kind === 'pulled'
}

const TRIED_AGAIN = 'The task waits, and is tried again every few seconds.'

const unavailable = ({ address }: ImageRegistry, why: string) =>
  new Refusal(
    'unavailable',
    `The image of this revision is not on this worker, and the registry ${address} cannot be used: ${why}.`,
    TRIED_AGAIN,
  )

async function build(ports: Ports, need: ImageNeed, tell: (line: string) => void): Promise<void> {
  const end = await buildImage(ports, need, tell, new AbortController().signal)
  if (end.kind === 'aborted') throw new Error('nobody stops this build')
  if (end.kind === 'unavailable') throw new Refusal('unavailable', end.why, 'Waiting tasks go on by themselves.')
  if (isWorthAnother(end)) throw new Refusal('unavailable', explainBroken(end.problem), TRIED_AGAIN)
  if (end.kind !== 'built')
    throw new Refusal(
      'unavailable',
      `The image of this revision cannot be built on this worker: ${end.problem}.`,
      end.hint,
    )
  await putImage(ports.sql, { key: need.imageKey, tag: need.tag, ...end, digest: null }, ports.now())
}
