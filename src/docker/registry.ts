import type Docker from 'dockerode'
import { type Credentials, type Registry, repositoryOf } from '../environment/registry.ts'
import { isFull } from './build-events.ts'
import { asked, isStatus, noRoom } from './engine.ts'
import { parseEvents } from './events.ts'
import { followTransfer, type Transferred } from './transfer.ts'

type PushEnd =
  /** `digest`: of the manifest; with it any engine pulls exactly this image. */
  { readonly kind: 'pushed'; readonly digest: string } | Unavailable

type PullEnd =
  | { readonly kind: 'pulled' }
  /** It was removed there, or the registry is another by now. */
  | { readonly kind: 'absent' }
  | Unavailable

/** The registry does not answer, or refuses: `why` in its own words. */
type Unavailable = { readonly kind: 'unavailable'; readonly why: string }

export type ImageRegistry = {
  readonly address: string
  /** Pushes the image that has this tag here. */
  push(tag: string, tell: (line: string) => void, signal: AbortSignal): Promise<PushEnd>
  /** Pulls an image by its digest, and gives it the tag. */
  pull(image: PulledImage, tell: (line: string) => void, signal: AbortSignal): Promise<PullEnd>
}

type PulledImage = { readonly tag: string; readonly digest: string }

/** The engine's own door to a registry. It is the engine that speaks to it, so it is the engine that must reach the address and trust its certificate. */
export function openRegistry(docker: Docker, registry: Registry): ImageRegistry {
  return {
    address: registry.address,
    push: (tag, tell, signal) => push(docker, registry, tag, tell, signal),
    pull: (image, tell, signal) => pull(docker, registry, image, tell, signal),
  }
}

async function push(
  docker: Docker,
  registry: Registry,
  tag: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<PushEnd> {
  const repo = repositoryOf(registry, tag)
  const version = tag.slice(tag.lastIndexOf(':') + 1)
  tell(`Pushing ${repo}:${version}`)
  await asked(docker.getImage(tag).tag({ repo, tag: version }))
  try {
    const options = { tag: version, ...authOf(registry), abortSignal: signal }
    const { digest, failure } = await transfer(docker.getImage(repo).push(options), tell, signal)
    if (digest === null || failure !== null) return { kind: 'unavailable', why: failure ?? 'it gave no digest' }
    tell(`Pushed ${digest}`)
    return { kind: 'pushed', digest }
  } finally {
    await forgetName(docker, `${repo}:${version}`)
  }
}

async function pull(
  docker: Docker,
  registry: Registry,
  { tag, digest }: PulledImage,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<PullEnd> {
  const repository = repositoryOf(registry, tag)
  const name = `${repository}@${digest}`
  tell(`Pulling ${name}`)
  const options = { ...authOf(registry), abortSignal: signal }
  const { failure } = await transfer(docker.pull(name, options), tell, signal)
  if (failure !== null && isFull(failure)) throw noRoom()
  if (failure !== null) return isAbsent(failure) ? { kind: 'absent' } : { kind: 'unavailable', why: failure }
  const [repo, version] = split(tag)
  await asked(docker.getImage(name).tag({ repo, tag: version }))
  await forgetName(docker, name)
  tell('Pulled')
  return { kind: 'pulled' }
}

function split(tag: string): readonly [repository: string, version: string] {
  const at = tag.lastIndexOf(':')
  return [tag.slice(0, at), tag.slice(at + 1)]
}

/** `{"authconfig": {}}` says that there are none: without it some engines refuse to push. */
function authOf({ host, credentials }: Registry) {
  return { authconfig: { ...nameOf(credentials), serveraddress: host } }
}

const nameOf = (credentials: Credentials | null) =>
  credentials === null ? { username: '', password: '' } : { username: credentials.user, password: credentials.password }

/** What the engine refuses before its first event is a failure like one that comes later. */
async function transfer(
  asking: Promise<NodeJS.ReadableStream>,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Transferred> {
  try {
    return await followTransfer(parseEvents(await asked(asking)), tell)
  } catch (error) {
    if (signal.aborted || !isStatus(error, 400, 401, 403, 404, 500)) throw error
    return { digest: null, failure: messageOf(error) }
  }
}

/** dockerode says “(HTTP code 500) server error - what the engine said”. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^\(HTTP code \d+\) .*? - /, '').trim()
}

const isAbsent = (failure: string) =>
  /manifest unknown|manifest for .* not found|name unknown|blob unknown/i.test(failure)

/** The name was for the way only: an image has one name here, by which it is known and removed. */
async function forgetName(docker: Docker, name: string): Promise<void> {
  try {
    await asked(docker.getImage(name).remove({ noprune: true }))
  } catch (error) {
    if (!isStatus(error, 404, 409)) throw error
  }
}
