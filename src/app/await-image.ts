import type { BuildId, LogId } from '../brand.ts'
import { moveDeployIfHeld } from '../db/deploys.ts'
import { listLogChunks } from '../db/logs.ts'
import type { Work } from './begin-deploy.ts'
import { type CheckedRevision, stop } from './check-revision.ts'
import { detail, step } from './deploy-lines.ts'
import type { Stop } from './deploy-ports.ts'
import { LostDeploy } from './hold-deploy.ts'
import { waitFor } from './wait-for.ts'

/** The key of the revision's image. One that is known costs nothing; another is built by a worker while its log goes by. */
export async function awaitImage(
  work: Work,
  { plan, sourceDigest }: CheckedRevision,
): Promise<{ readonly imageKey: string | null } | Stop> {
  const { ports, deploy, project, tell } = work
  if (deploy.buildId !== null && (await ports.images.outcome(deploy.buildId)).state === 'error')
    return stopUnbuilt(work, deploy.buildId) // it ended while nobody waited for it
  const image = await ports.images.require({ projectId: project.id, plan, sourceDigest }, ports.now())
  const description = ports.images.describe(plan)
  if (image.kind === 'known') {
    tell(step(`Image is ready: ${description}; nothing to build`))
    return image
  }
  tell(step(`Building image: ${description}`))
  if (!(await moveDeployIfHeld(ports.sql, deploy, 'building', { buildId: image.buildId }))) throw new LostDeploy()
  const state = await followBuild(work, image.buildId, image.logId)
  return state === 'success' ? image : stopUnbuilt(work, image.buildId)
}

async function stopUnbuilt(work: Work, buildId: BuildId): Promise<Stop> {
  const { problem } = await work.ports.images.outcome(buildId)
  return stop(
    work,
    `The image could not be built, so nothing was deployed: ${problem ?? 'its log tells why'}`,
    'Correct what the lines above say, commit, and push again',
  )
}

async function followBuild({ ports, tell }: Work, buildId: BuildId, logId: LogId): Promise<'success' | 'error'> {
  const lines = openLines((line) => tell(detail(line)))
  let seq = 0
  return waitFor(ports.hints, [`build:${buildId}`, `log:${logId}`], 2000, async () => {
    const { state } = await ports.images.outcome(buildId) // before its log: an end means that the log is whole
    for (let chunks = await listLogChunks(ports.sql, logId, seq); chunks.length > 0; ) {
      for (const chunk of chunks) lines.take(chunk.bytes)
      seq += chunks.length
      chunks = await listLogChunks(ports.sql, logId, seq)
    }
    if (state !== 'success' && state !== 'error') return undefined
    lines.end()
    return state
  })
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
