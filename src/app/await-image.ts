import type { BuildId, LogId } from '../brand.ts'
import { type Build, findBuild } from '../db/builds.ts'
import { moveDeployIfHeld } from '../db/deploys.ts'
import { listLogChunks } from '../db/logs.ts'
import { heardSince } from '../db/pages/shown.ts'
import { findProblemOfBuilders } from '../db/workers.ts'
import { describePlan } from '../environment/plan.ts'
import type { Work } from './begin-deploy.ts'
import type { CheckedRevision } from './check-revision.ts'
import { detail, step } from './deploy-lines.ts'
import { LostDeploy } from './hold-deploy.ts'
import { requireImage } from './require-image.ts'
import { type Stop, stop } from './stop-deploy.ts'
import { waitFor } from './wait-for.ts'

/** The key of the revision's image; null where none is needed. One that is known costs nothing; another is built by a worker while its log goes by. */
export async function awaitImage(
  work: Work,
  { plan, sourceDigest }: CheckedRevision,
): Promise<{ readonly imageKey: string | null } | Stop> {
  const { ports, deploy, project, tell } = work
  if (!(await ports.isImageNeeded())) {
    tell(step('No image is built: tasks run as plain processes of the server, not isolated'))
    return { imageKey: null }
  }
  const before = deploy.buildId && (await findBuild(ports.sql, deploy.buildId))
  if (before?.state === 'error') return stopUnbuilt(work, before) // it ended while nobody waited for it
  const image = await requireImage(ports, { projectId: project.id, plan, sourceDigest }, ports.now())
  if (image.kind === 'known') {
    tell(step(`Image is ready: ${describePlan(plan)}; nothing to build`))
    return image
  }
  tell(step(`Building image: ${describePlan(plan)}`))
  if (!(await moveDeployIfHeld(ports.sql, deploy, 'building', { buildId: image.buildId }))) throw new LostDeploy()
  const build = await followBuild(work, image.buildId, image.logId)
  return build.state === 'success' ? image : stopUnbuilt(work, build)
}

function stopUnbuilt(work: Work, { problem, hint }: Build): Stop {
  return stop(
    work,
    `The image could not be built, so nothing was deployed: ${problem}`,
    hint ?? 'Push again; the lines above have the rest',
  )
}

async function followBuild(work: Work, buildId: BuildId, logId: LogId): Promise<Build> {
  const { ports, tell } = work
  const tellIfUntaken = openUntaken(work)
  const lines = openLines((line) => tell(detail(line)))
  let seq = 0
  return waitFor(ports.hints, [`build:${buildId}`, `log:${logId}`], 2000, async () => {
    const build = await findBuild(ports.sql, buildId) // before its log: an end means that the log is whole
    for (let chunks = await listLogChunks(ports.sql, logId, seq); chunks.length > 0; ) {
      for (const chunk of chunks) lines.take(chunk.bytes)
      seq += chunks.length
      chunks = await listLogChunks(ports.sql, logId, seq)
    }
    await tellIfUntaken(build)
    if (build?.state !== 'success' && build?.state !== 'error') return undefined
    lines.end()
    return build
  })
}

const UNTAKEN_MS = 5000

/** Says once why nothing goes by: a silent push looks like one that hangs. */
function openUntaken({ ports, tell }: Work) {
  let isTold = false
  return async (build: Build | undefined): Promise<void> => {
    const now = ports.now()
    if (isTold || build?.state !== 'queued' || now.getTime() - build.createdAt.getTime() < UNTAKEN_MS) return
    isTold = true
    const problem = await findProblemOfBuilders(ports.sql, heardSince(now))
    tell(detail(`Waiting for a worker: ${problem === undefined ? 'none is online' : (problem ?? 'all are busy')}`))
  }
}

function openLines(tell: (line: string) => void) {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    take: (bytes: Uint8Array) => {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) tell(line)
    },
    end: () => {
      if (rest !== '') tell(rest)
    },
  }
}
