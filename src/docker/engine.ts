import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { Refusal } from '../refusal.ts'
import { isCode } from '../spool/planted.ts'
import { refuseOld } from './api-version.ts'
import { FULL, isFull } from './build-events.ts'

export type Engine = { readonly docker: Docker; readonly version: string; readonly apiVersion: string }

/** The engine of this machine, or why there is none to use. */
export async function findEngine(env: NodeJS.ProcessEnv = process.env): Promise<Engine | Refusal> {
  const socketPath = findSocket(env)
  if (socketPath instanceof Refusal) return socketPath
  // Never `version`: engines refuse versions that are too new or too old for them.
  const docker = new Docker({ socketPath })
  try {
    const { Version, ApiVersion } = await asked(docker.version())
    const engine = { docker, version: Version, apiVersion: ApiVersion }
    return refuseOld(engine) ?? engine
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function findSocket({ DOCKER_HOST }: NodeJS.ProcessEnv): string | Refusal {
  if (DOCKER_HOST?.startsWith('unix://')) return DOCKER_HOST.slice('unix://'.length)
  if (DOCKER_HOST) return remote(DOCKER_HOST)
  const places = ['/var/run/docker.sock', join(homedir(), '.docker/run/docker.sock')]
  return places.find((path) => existsSync(path)) ?? '/var/run/docker.sock'
}

const remote = (host: string) =>
  new Refusal(
    'invalid',
    `DOCKER_HOST is ${host}, but Sluice shares folders with its containers and so needs the engine of its own machine.`,
    'Unset DOCKER_HOST or give it a unix:// socket, and run a worker on each machine that has an engine.',
  )

/** The one place where an engine that does not answer, or has no room, becomes a Refusal. */
export async function asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    if (isCode(error, 'EACCES')) throw noRight()
    if (isCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT')) throw noAnswer()
    if (isStatus(error, 500) && isFull(String(error))) throw noRoom()
    throw error
  }
}

export const noRoom = () => new Refusal('unavailable', `${FULL.problem}.`, 'Make room; what waits goes on by itself.')

const noAnswer = () =>
  new Refusal(
    'unavailable',
    'Docker does not answer on this machine, so no container can be started or looked at.',
    'Start it (for example: systemctl start docker). Waiting tasks go on by themselves when it is back.',
  )

const noRight = () =>
  new Refusal(
    'unavailable',
    'Docker runs on this machine, but this user may not use its socket.',
    'Add the user to the group "docker" and sign in again.',
  )

/** An answer of the engine that says no. */
export function isStatus(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof Error && 'statusCode' in error && codes.includes(Number(error.statusCode))
}
