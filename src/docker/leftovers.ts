import type Docker from 'dockerode'
import { asked, isStatus } from './engine.ts'

export type Leftovers = {
  readonly containers: readonly string[]
  readonly networks: readonly string[]
  readonly volumes: readonly string[]
  /** Tags. */
  readonly images: readonly string[]
}

const TASK_NETWORK = 'sluice.network'
const OURS = 'sluice.installation'

/** What one installation has on this engine: by its label; images by the `tags` that it knows of. The tasks' network, which all installations share, belongs to the last of them. */
export async function findLeftovers(docker: Docker, installation: string, tags: readonly string[]): Promise<Leftovers> {
  const filters = { label: [`${OURS}=${installation}`] }
  const [all, labelled, shared, { Volumes }, images] = await Promise.all([
    asked(docker.listContainers({ all: true, filters: { label: [OURS] } })),
    asked(docker.listNetworks({ filters })),
    asked(docker.listNetworks({ filters: { label: [TASK_NETWORK] } })),
    asked(docker.listVolumes({ filters })),
    asked(docker.listImages()),
  ])
  const own = all.filter(({ Labels }) => Labels[OURS] === installation)
  const isLast = own.length === all.length
  return {
    containers: own.map(({ Id }) => Id),
    networks: [...labelled, ...(isLast ? shared : [])].map(({ Id }) => Id),
    volumes: (Volumes ?? []).map(({ Name }) => Name),
    images: images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tags.includes(tag)),
  }
}

/** Images are untagged and not forced: what another installation's container uses stays. */
export async function removeLeftovers(docker: Docker, leftovers: Leftovers): Promise<void> {
  for (const id of leftovers.containers) await gone(docker.getContainer(id).remove({ force: true, v: true }))
  for (const id of leftovers.networks) await gone(docker.getNetwork(id).remove())
  for (const name of leftovers.volumes) await gone(docker.getVolume(name).remove())
  for (const tag of leftovers.images) await gone(docker.getImage(tag).remove({ noprune: true }))
}

/** 403, 409: somebody else uses it. */
async function gone(removal: Promise<unknown>): Promise<void> {
  await asked(removal).catch((error: unknown) => {
    if (!isStatus(error, 403, 404, 409)) throw error
  })
}
