import { type BuildClaim, claimBuild, finishBuildIfHeld, releaseBuildIfHeld, renewBuildIfHeld } from '../db/builds.ts'
import { findBaseImage, putBaseImage, putImage } from '../db/images.ts'
import { closeLog } from '../db/logs.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { BuildEnd, ImageBuilder } from '../docker/build.ts'
import type { ImageRegistry } from '../docker/registry.ts'
import { imageTag } from '../environment/image-key.ts'
import type { Admission } from './admission.ts'
import { type BuildImagePorts, buildImage, explainBroken, isWorthAnother } from './build-image.ts'
import { pushImage } from './push-image.ts'
import { isOwnBase, withVersion } from './push-images.ts'
import { MAX_STARTS, rescueBuildsOf } from './rescue-builds.ts'
import { type BuildLog, openBuildLog } from './tell-build.ts'

export type BuildPorts = BuildImagePorts & {
  readonly sql: Database
  readonly builder: ImageBuilder
  /** Where other workers find what is built. Left out, each builds what it lacks. */
  readonly registry?: ImageRegistry
  /** Left out, there is always room for more. */
  readonly admission?: Admission
  readonly now: () => Date
  /** Told of what should never happen; the build is queued again when its lease lapses. */
  readonly onBug: (error: unknown) => void
}

export type BuildOptions = {
  readonly workerId: string
  readonly baseImage: string
  /** Builds at once. */
  readonly slots?: number
  readonly leaseMs?: number
  readonly maxBuildMs?: number
}

export type Builds = {
  /** Claims what is queued, up to the free slots, and returns; a build is claimed again whenever one ends. */
  look(): Promise<void>
  /** Claims nothing more and resolves when what runs has ended. */
  drain(): Promise<void>
  /** Stops what runs and gives it back to the queue. */
  close(): Promise<void>
}

/** The worker's side of builds. First gives back what the one of its name before it was building when it died, and tells which base image its engine has, so that keys are made with it. */
export async function openBuilds(ports: BuildPorts, options: BuildOptions): Promise<Builds> {
  await rescueBuildsOf(ports.sql, options.workerId, ports.now())
  await tellBase(ports, options)
  const running = new Set<Promise<void>>()
  const closing = new AbortController()
  let free = options.slots ?? 1
  let isDraining = false

  async function look(): Promise<void> {
    while (!isDraining && free > 0 && (ports.admission?.problem ?? null) === null) {
      free -= 1 // before the question, or two looks would claim for one slot
      const claim = await claimBuild(ports.sql, { workerId: options.workerId, leaseMs: leaseOf(options) }).catch(
        (error: unknown) => {
          free += 1
          throw error
        },
      )
      if (claim === undefined) {
        free += 1
        return
      }
      start(claim)
    }
  }

  ports.admission?.onChange(() => void look().catch(ports.onBug))

  function start(claim: BuildClaim) {
    const build = runBuild(ports, options, claim, closing.signal)
      .catch(ports.onBug)
      .then(async () => {
        running.delete(build)
        free += 1
        await look()
      })
      .catch(ports.onBug)
    running.add(build)
  }

  const drain = async () => {
    isDraining = true
    while (running.size > 0) await Promise.all(running)
  }
  return {
    look,
    drain,
    close: async () => {
      closing.abort('closing')
      await drain()
    },
  }
}

/** A few hundred MiB. */
const BASE_MS = 600_000
const leaseOf = ({ leaseMs }: BuildOptions) => leaseMs ?? 30_000

/** A worker that lacks our base image takes that of the others. */
async function tellBase(ports: BuildPorts, { baseImage }: BuildOptions): Promise<void> {
  const { sql, builder, registry, now } = ports
  const shared = registry && isOwnBase(baseImage) ? await findBaseImage(sql, baseImage) : undefined
  if (registry && shared?.digest != null && (await builder.findBase(baseImage)) === null) {
    const image = { tag: withVersion(baseImage), digest: shared.digest }
    await registry.pull(image, () => {}, AbortSignal.timeout(BASE_MS)).catch(ports.onBug)
  }
  const imageId = await builder.findBase(baseImage)
  if (imageId !== null) await putBaseImage(sql, baseImage, imageId, now())
}

/** If the process dies on any line of it, the lease lapses and the sweep queues the build again. */
async function runBuild(ports: BuildPorts, options: BuildOptions, claim: BuildClaim, closing: AbortSignal) {
  const log = openBuildLog(ports.sql, claim.logId, ports.now)
  const lost = new AbortController()
  const tooLong = AbortSignal.timeout(options.maxBuildMs ?? 3_600_000)
  const stopRenewing = keepLease(ports, claim, leaseOf(options), () => lost.abort())
  const signal = AbortSignal.any([closing, lost.signal, tooLong])
  try {
    const end = await buildAndPush(ports, claim, log, signal)
    if (end.kind === 'unavailable') {
      ports.admission?.tell('engine', end.why) // or this worker would take it again at once
      return await giveBack(ports, claim, log, end.why)
    }
    if (isWorthAnother(end) && Number(claim.epoch) < MAX_STARTS) {
      // A step that was killed holds nobody up: any project can have one.
      if (end.kind === 'broken') ports.admission?.tell('engine', explainBroken(end.problem))
      return await giveBack(ports, claim, log, `${end.problem}.`)
    }
    if (end.kind !== 'aborted') return await finish(ports, claim, end, log)
    if (tooLong.aborted) return await finish(ports, claim, TOO_LONG, log)
    if (!lost.signal.aborted) await giveBack(ports, claim, log, 'The worker shuts down.')
  } catch (error) {
    ports.onBug(error)
    await finish(ports, claim, BUG, log)
  } finally {
    stopRenewing()
  }
}

type Pushed = { readonly digest: string | null }

async function buildAndPush(
  ports: BuildPorts,
  claim: BuildClaim,
  { tell }: BuildLog,
  signal: AbortSignal,
): Promise<Exclude<BuildEnd, Built> | (Built & Pushed)> {
  const tag = tagOf(claim)
  const end = await buildImage(ports, { ...claim, tag }, tell, signal)
  if (end.kind !== 'built') return end
  if (ports.registry === undefined) return { ...end, digest: null }
  const digest = await pushImage(ports.registry, tag, tell, signal).catch((error: unknown) => {
    if (signal.aborted) return null // it is built: what is left to do is done later
    throw error
  })
  return { ...end, digest }
}

const tagOf = ({ projectName, imageKey }: BuildClaim) => imageTag(projectName, imageKey)

type Built = Extract<BuildEnd, { kind: 'built' }>
type Failed = Extract<BuildEnd, { problem: string }>
type Ended = Failed | (Built & Pushed)

const TOO_LONG: Ended = {
  kind: 'failed',
  problem: 'The build took longer than an hour and was stopped',
  hint: 'Install less, or start from an image that has it already',
}
const BUG: Ended = {
  kind: 'failed',
  problem: 'Sluice failed while it built this',
  hint: 'Push again; if that fails too, show the operator this log',
}

async function giveBack({ sql }: BuildPorts, claim: BuildClaim, log: BuildLog, why: string) {
  log.tell(`${why} The next worker builds this from the start`)
  await log.written()
  await releaseBuildIfHeld(sql, claim)
}

async function finish({ sql, now }: BuildPorts, claim: BuildClaim, end: Ended, log: BuildLog) {
  const failed = end.kind === 'built' ? null : end
  if (failed !== null) for (const line of [`! ${failed.problem}`, `! ${failed.hint}`]) log.tell(line)
  await log.written()
  await sql.begin(async (tx) => {
    if (!(await finishBuildIfHeld(tx, claim, failed, now()))) return
    if (end.kind === 'built') await putBuilt(tx, claim, end, now())
    await closeLog(tx, claim.logId, now())
  })
}

async function putBuilt(sql: Sql, claim: BuildClaim, { imageId, bytes, digest }: Built & Pushed, now: Date) {
  await putImage(sql, { key: claim.imageKey, tag: tagOf(claim), imageId, bytes, digest }, now)
}

/** Renews until told to stop. A renewal that fails is tried again; one that finds the build taken ends it here. */
function keepLease({ sql, onBug }: BuildPorts, claim: BuildClaim, leaseMs: number, onLost: () => void): () => void {
  const renew = async () => {
    if (!(await renewBuildIfHeld(sql, claim, leaseMs))) onLost()
  }
  const timer = setInterval(() => void renew().catch(onBug), leaseMs / 3)
  return () => clearInterval(timer)
}
