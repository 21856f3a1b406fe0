import { readFile } from 'node:fs/promises'
import type Docker from 'dockerode'
import type { Admission } from './app/admission.ts'
import { type EnsureImage, openEnsureImage } from './app/ensure-image.ts'
import { type Builds, openBuilds } from './app/run-builds.ts'
import type { Config } from './config.ts'
import { readSource } from './db/sources.ts'
import { openImageBuilder } from './docker/build.ts'
import type { Reports } from './reports.ts'
import type { Stores } from './stores.ts'

type Needs = {
  readonly config: Config
  readonly stores: Stores
  readonly reports: Reports
  readonly admission: Admission
  readonly proxies: Readonly<Record<string, string>>
}

/** What a worker with an engine does about images. */
export type Building = { readonly ensureImage: EnsureImage; readonly open: (workerId: string) => Promise<Builds> }

export async function openBuilding(
  { config, stores: { sql, now }, reports, admission, proxies }: Needs,
  docker: Docker,
): Promise<Building> {
  const extraCa = config.extraCa === null ? '' : await readFile(config.extraCa, 'utf8')
  const ports = {
    sql,
    builder: openImageBuilder(docker, { extraCa, proxies }),
    readSource: (digest: Parameters<typeof readSource>[1]) => readSource(sql, digest),
    admission,
    now,
    onBug: reports.report,
  }
  return {
    ensureImage: openEnsureImage(ports),
    open: (workerId) => openBuilds(ports, { workerId, baseImage: config.baseImage }),
  }
}
