import { findLink } from '../db/links.ts'
import type { Project } from '../db/projects.ts'
import type { Database } from '../db/sql.ts'
import type { FetchNeeds } from '../git/fetch-branch.ts'
import type { Repositories } from '../git/repositories.ts'
import type { Fetched } from './deploy-ports.ts'

export type FetchPorts = {
  readonly sql: Database
  /** Seals what is secret in the database. */
  readonly key: Buffer
  readonly repositories: Pick<Repositories, 'create' | 'pathOf'>
  readonly fetchBranch: (needs: FetchNeeds) => Promise<Fetched>
  readonly rules: FetchNeeds['rules']
  readonly maxBytes: number
  readonly extraCa: string | null
}

/** Brings the linked branch of a project into its repository. */
export async function fetchLinked(ports: FetchPorts, project: Project, branch: string): Promise<Fetched> {
  const link = await findLink(ports.sql, ports.key, project.id)
  if (link === undefined)
    return { kind: 'refused', message: `${project.name} is not linked any more`, hint: 'Link it: sluice link' }
  await ports.repositories.create(project.id, project.branch)
  const { url, deployKey, hostKeys } = link
  const { rules, maxBytes, extraCa } = ports
  return ports.fetchBranch({
    repository: ports.repositories.pathOf(project.id),
    url,
    branch,
    deployKey,
    hostKeys,
    rules,
    maxBytes,
    extraCa,
  })
}
