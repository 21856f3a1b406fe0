import { setTimeout } from 'node:timers/promises'
import type Docker from 'dockerode'
import type { Plan } from '../environment/plan.ts'
import { Refusal } from '../refusal.ts'
import { packContext, RENDERED_DOCKERFILE } from './build-context.ts'
import { type BuildEnd, explainBase, explainFailure, FULL, NO_PROGRESS, type Progress } from './build-events.ts'
import { asked, isStatus, noRoom } from './engine.ts'
import { readEvents } from './events.ts'

export type { BuildEnd }

/** The image that scripts/base-image makes. Nobody else's of this name is ever pulled. */
const OWN_BASE = 'sluice/base'

type BuildRequest = {
  readonly plan: Plan
  readonly tarGz: Buffer
  /** Not labels: the classic builder makes a step of each, and plain shell would not be the base image itself any more. */
  readonly tag: string
}

export type ImageBuilder = {
  /** Builds and tags. A failure is an outcome; each line of the log is handed over as it comes. */
  build(request: BuildRequest, tell: (line: string) => void, signal: AbortSignal): Promise<BuildEnd>
  /** Id of the image with this tag; null when this engine has none. */
  find(tag: string): Promise<string | null>
  /** Ids of our images here, by tag. */
  list(): Promise<ReadonlyMap<string, string>>
  /** Id of the base image that rendered Dockerfiles really start from here. */
  findBase(name: string): Promise<string | null>
}

type Settings = {
  /** PEM text that builds trust too. */
  readonly extraCa: string
  /** HTTP_PROXY and its kin: every Dockerfile knows them without declaring them. */
  readonly proxies: Readonly<Record<string, string>>
}

export function openImageBuilder(docker: Docker, settings: Settings): ImageBuilder {
  return {
    build: (request, tell, signal) => build(docker, settings, request, tell, signal),
    find: async (tag) => (await inspect(docker, tag))?.Id ?? null,
    async list() {
      const images = await asked(docker.listImages({ filters: { reference: ['sluice/*'] } }))
      return new Map(images.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, Id] as const)))
    },
    async findBase(name) {
      return ((await inspect(docker, name)) ?? (await inspect(docker, OWN_BASE)))?.Id ?? null
    },
  }
}

async function build(
  docker: Docker,
  settings: Settings,
  request: BuildRequest,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<BuildEnd> {
  try {
    const base = await chooseBase(docker, request.plan, tell, signal)
    if ('kind' in base) return base
    const progress = await run(docker, settings, request, base, tell, signal)
    if (progress.failure === null && progress.imageId !== null) return await look(docker, request.tag)
    await asked(docker.ping()) // one that shuts down ends the step first, as if it had failed by itself
    const end = explainFailure(progress)
    if (end.kind === 'killed') await seeItStay(docker, signal)
    return end
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted' }
    if (error instanceof Refusal && error.message === noRoom().message) return FULL
    if (error instanceof Refusal && error.code === 'unavailable') return { kind: 'unavailable', why: error.message }
    if (error instanceof Refusal) return { kind: 'failed', problem: error.message, hint: error.hint }
    throw error
  }
}

/** An engine that is told to stop ends its containers first, and answers meanwhile. With three tries this is the 15 s it gives them. */
async function seeItStay(docker: Docker, signal: AbortSignal): Promise<void> {
  for (let n = 0; n < 10; n += 1) {
    await setTimeout(500, undefined, { signal })
    await asked(docker.ping())
  }
}

type Base = { readonly args: Readonly<Record<string, string>> }

/** The base that the plan names, pulled if it must be; ours where that cannot be had. */
async function chooseBase(
  docker: Docker,
  plan: Plan,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Base | BuildEnd> {
  if (plan.kind === 'dockerfile') {
    const isMissing = plan.from.some(isOwnBase) && (await inspect(docker, OWN_BASE)) === null
    return isMissing ? explainBase(OWN_BASE, '') : { args: plan.args }
  }
  if ((await inspect(docker, plan.base)) !== null) return { args: { BASE: plan.base } }
  const why = isOwnBase(plan.base) ? '' : await pull(docker, plan.base, tell, signal)
  if (why === null) return { args: { BASE: plan.base } }
  if ((await inspect(docker, OWN_BASE)) === null) return explainBase(plan.base, why)
  tell(`The base image ${plan.base} is not on this engine and cannot be pulled (${why}): ${OWN_BASE} is used`)
  return { args: { BASE: OWN_BASE } }
}

const isOwnBase = (image: string) => image === OWN_BASE || image === `${OWN_BASE}:latest`

/** Null when it is here now, else why not. */
async function pull(
  docker: Docker,
  image: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const stream = await asked(docker.pull(image, { abortSignal: signal }))
    return (await asked(readEvents(stream, tell))).failure?.message ?? null
  } catch (error) {
    if (signal.aborted || !(error instanceof Error) || !isStatus(error, 400, 403, 404, 500)) throw error
    return error.message
  }
}

async function run(
  docker: Docker,
  settings: Settings,
  { plan, tarGz, tag }: BuildRequest,
  { args }: Base,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Progress> {
  const broken = new AbortController()
  const context = packContext(plan, tarGz, settings.extraCa).on('error', (error) => broken.abort(error))
  const options = {
    t: tag,
    dockerfile: plan.kind === 'rendered' ? RENDERED_DOCKERFILE : plan.path,
    buildargs: { ...settings.proxies, ...args },
    forcerm: true, // the container of a failed step stays behind otherwise
    abortSignal: AbortSignal.any([signal, broken.signal]),
  }
  try {
    return await asked(readEvents(await asked(docker.buildImage(context, options)), tell))
  } catch (error) {
    if (broken.signal.aborted) return refused(`the source cannot be unpacked: ${broken.signal.reason}`)
    if (error instanceof Error && isStatus(error, 400, 500))
      return refused(error.message.replace(/^\(.*?\) .*? - /, ''))
    throw error
  }
}

/** A Dockerfile that cannot be parsed is refused before the first event. */
const refused = (message: string): Progress => ({ ...NO_PROGRESS, failure: { code: null, message } })

/** The agent of a task is a shell script, so an image without a shell is of no use. */
async function look(docker: Docker, tag: string): Promise<BuildEnd> {
  const image = await inspect(docker, tag)
  if (image === null) throw new Error(`the engine has no ${tag} after it was built`)
  const container = await asked(docker.createContainer({ Image: image.Id, Cmd: ['/bin/sh'] }))
  try {
    await asked(container.infoArchive({ path: '/bin/sh' }))
    return { kind: 'built', imageId: image.Id, bytes: image.Size }
  } catch (error) {
    if (!isStatus(error, 404)) throw error
    return {
      kind: 'failed',
      problem: 'The image has no /bin/sh, which tasks are started with',
      hint: 'Start the Dockerfile from an image that has a shell, such as sluice/base',
    }
  } finally {
    await container.remove({ force: true })
  }
}

async function inspect(docker: Docker, name: string): Promise<Docker.ImageInspectInfo | null> {
  try {
    return await asked(docker.getImage(name).inspect())
  } catch (error) {
    if (isStatus(error, 404)) return null
    throw error
  }
}
