import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import type { Admission } from './app/admission.ts'
import { type EnsureImage, openEnsureImage } from './app/ensure-image.ts'
import { openPushes } from './app/push-images.ts'
import { type Builds, openBuilds } from './app/run-builds.ts'
import type { Config } from './config.ts'
import { readSource } from './db/sources.ts'
import { openImageBuilder } from './docker/build.ts'
import { openRegistry } from './docker/registry.ts'
import { findCredentials } from './environment/registry.ts'
import type { Lifetime } from './lifetime.ts'
import type { Reports } from './reports.ts'
import type { Stores } from './stores.ts'

type Needs = {
  readonly config: Config
  readonly stores: Stores
  readonly reports: Reports
  readonly admission: Admission
  readonly workerName: string
  readonly proxies: Readonly<Record<string, string>>
}

/** What a worker with an engine does about images. */
export type Building = {
  readonly ensureImage: EnsureImage
  readonly open: (own: Lifetime, workerId: string) => Promise<Builds>
}

export async function openBuilding(needs: Needs, docker: Docker): Promise<Building> {
  const { config, reports, admission, workerName, proxies } = needs
  const { sql, now } = needs.stores
  const extraCa = config.extraCa === null ? '' : await readFile(config.extraCa, 'utf8')
  const registry = await findRegistry(config, docker)
  const ports = {
    sql,
    builder: openImageBuilder(docker, { extraCa, proxies }),
    ...(registry && { registry }),
    readSource: (digest: Parameters<typeof readSource>[1]) => readSource(sql, digest),
    admission,
    workerName,
    now,
    onBug: reports.report,
  }
  return {
    ensureImage: openEnsureImage(ports),
    open: async (own, workerId) => {
      const builds = own.own(await openBuilds(ports, { workerId, baseImage: config.baseImage }))
      if (registry) own.own(openPushes({ ...ports, registry }, config.baseImage))
      return builds
    },
  }
}

/** A setting without a password has that of `docker login`. */
async function findRegistry({ registry }: Config, docker: Docker) {
  if (registry === null) return undefined
  const file = join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json')
  const login = registry.credentials === null ? await readFile(file, 'utf8').catch(() => '') : ''
  return openRegistry(docker, {
    ...registry,
    credentials: registry.credentials ?? findCredentials(login, registry.host),
  })
}
