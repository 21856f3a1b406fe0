import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import type { AttemptId } from '../brand.ts'
import { containerSpec, INSIDE } from '../environment/container-spec.ts'
import { Refusal } from '../refusal.ts'
import type { Agents, Life } from '../spool/agents.ts'
import type { AttemptFolder, Owner } from '../spool/attempt-folder.ts'
import type { Place } from '../spool/executor.ts'
import { awaitReady, TICK_MS } from '../spool/install-agent.ts'
import { openBells } from './bells.ts'
import { asked, isStatus } from './engine.ts'
import { requireNetwork } from './network.ts'

export type ContainerOptions = {
  readonly docker: Docker
  readonly installation: string
  /** This worker's own folder: another one, of the same installation on the same engine, has another. */
  readonly home: string
  readonly agent: string
  readonly owner: Owner
  readonly env: Readonly<Record<string, string>>
  readonly orphanMs: number
  readonly network: string
}

/** Agents in containers. The name is the attempt's at this worker, so a second start fails instead of doubling it, and two workers of one engine never end each other's. */
export function openContainers(options: ContainerOptions): Agents {
  const { docker, installation, home } = options
  const worker = createHash('sha256').update(home).digest('hex').slice(0, 6)
  const nameOf = (attemptId: AttemptId) => `sluice-${installation}-${worker}-${attemptId}`
  const containerOf = (attemptId: AttemptId) => docker.getContainer(nameOf(attemptId))
  const bells = openBells(docker)
  const look = (attemptId: AttemptId) => lookAt(containerOf(attemptId))

  return {
    kind: 'docker',
    owner: options.owner,
    inside: () => INSIDE,
    check: (place) => requireImage(docker, place),
    async start(place, folder) {
      const { attemptId } = place
      await requireNetwork(docker, options.network)
      for (const mark of ['ready', 'orphaned']) await rm(join(folder.spool, mark), { force: true })
      const name = nameOf(attemptId)
      const container = await createInstead(docker, { name, ...specOf(options, place, folder) })
      await orRemove(container, place, async () => {
        await bells.hang(name)
        await asked(container.start())
        const life = await awaitReady(attemptId, folder, look)
        if (life.kind === 'ended') throw cannotRun(place, life.why)
      })
      return container.id
    },
    async ring(attemptId, _, line) {
      await bells.ring(nameOf(attemptId), line)
    },
    look,
    async end(attemptId) {
      bells.takeDown(nameOf(attemptId))
      await remove(containerOf(attemptId))
      await removeEnded(docker, installation, attemptId)
    },
    list: () => listAttempts(docker, installation),
    leave: () => bells.close(),
  }
}

/** An engine goes on with what a killed worker had asked of it, so the name may still be taken, by a container that comes or one that goes. */
const NAME_MS = 10_000
const NAME_AGAIN_MS = 100

async function createInstead(docker: Docker, spec: NamedSpec): Promise<Docker.Container> {
  for (const untilMs = performance.now() + NAME_MS; ; await delay(NAME_AGAIN_MS)) {
    await remove(docker.getContainer(spec.name))
    try {
      return await asked(docker.createContainer(spec))
    } catch (error) {
      if (!isStatus(error, 409)) throw error
      if (performance.now() > untilMs) throw nameTaken(spec.name)
    }
  }
}

type NamedSpec = Docker.ContainerCreateOptions & { readonly name: string }

const nameTaken = (name: string) =>
  new Refusal(
    'unavailable',
    `Docker still makes or removes another container ${name}, so this one cannot be made.`,
    'It is tried again; if that goes on, look at the engine.',
  )

/** One that cannot start would keep the name. */
async function orRemove(container: Docker.Container, place: Place, start: () => Promise<void>): Promise<void> {
  try {
    await start()
  } catch (error) {
    await remove(container)
    throw isStatus(error, 400, 404) ? cannotRun(place, messageOf(error)) : error
  }
}

async function listAttempts(docker: Docker, installation: string): Promise<AttemptId[]> {
  const filters = { label: [`sluice.installation=${installation}`] }
  const found = await asked(docker.listContainers({ all: true, filters }))
  return found.map(({ Labels }) => Labels['sluice.attempt'] as AttemptId) // we labelled it
}

function specOf(options: ContainerOptions, place: Place, folder: AttemptFolder) {
  return containerSpec({
    attemptId: place.attemptId,
    image: place.image ?? '',
    installation: options.installation,
    user: `${options.owner.uid}:${options.owner.gid}`,
    workspace: folder.workspace,
    spool: folder.spool,
    agent: options.agent,
    network: options.network,
    isRootReadOnly: place.isRootReadOnly,
    ...place.limits,
    env: options.env,
    orphanTicks: Math.ceil(options.orphanMs / TICK_MS),
  })
}

async function lookAt(container: Docker.Container): Promise<Life> {
  try {
    const { Id, State } = await asked(container.inspect())
    if (State.Running) return { kind: 'running', agentId: Id }
    return {
      kind: 'ended',
      why: `its container has ended with exit code ${State.ExitCode}`,
      isOutOfMemory: State.OOMKilled,
    }
  } catch (error) {
    if (isStatus(error, 404)) return { kind: 'ended', why: 'its container was removed', isOutOfMemory: false }
    if (error instanceof Refusal && error.code === 'unavailable') return { kind: 'unknown' }
    throw error
  }
}

/** What a worker that never came back has left of the attempt: its agent ends by itself. */
async function removeEnded(docker: Docker, installation: string, attemptId: AttemptId): Promise<void> {
  const label = [`sluice.installation=${installation}`, `sluice.attempt=${attemptId}`]
  const ended = await asked(docker.listContainers({ all: true, filters: { label, status: ['exited', 'dead'] } }))
  for (const { Id } of ended) await remove(docker.getContainer(Id))
}

async function requireImage(docker: Docker, { image }: Place): Promise<void> {
  try {
    if (image !== null) await asked(docker.getImage(image).inspect())
  } catch (error) {
    if (!isStatus(error, 404)) throw error
    throw new Refusal(
      'not_found',
      `The image ${image} is not on this machine, so the task cannot start.`,
      'Push the project again, or let its image be built again.',
    )
  }
}

async function remove(container: Docker.Container): Promise<void> {
  try {
    await asked(container.remove({ force: true, v: true }))
  } catch (error) {
    if (!isStatus(error, 404, 409)) throw error // 409: it is being removed already
  }
}

const cannotRun = ({ image }: Place, why: string) =>
  new Refusal(
    'invalid',
    `The image ${image} cannot run tasks: ${why.trim()}.`,
    'It needs /bin/sh with cat, grep, tr and sleep, as any Debian, Ubuntu or Alpine image has.',
  )

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
