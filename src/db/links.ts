import type { ProjectId } from '../brand.ts'
import { seal, unseal } from './sealed.ts'
import type { Sql } from './sql.ts'

/** Where a project is fetched from, and what proves that its webhooks are genuine. */
export type Link = {
  readonly projectId: ProjectId
  readonly url: string
  readonly webhookSecret: string
  /** The private key for an ssh address. */
  readonly deployKey: string | null
  readonly deployKeyPublic: string | null
  /** Lines of a known_hosts file, pinned when the project was linked. */
  readonly hostKeys: string | null
  readonly createdAt: Date
  readonly createdBy: string
}

type Row = Omit<Link, 'webhookSecret' | 'deployKey'> & { webhookSecret: Uint8Array; deployKey: Uint8Array | null }

const secretPlace = (id: ProjectId) => `links.webhook_secret/${id}`
const keyPlace = (id: ProjectId) => `links.deploy_key/${id}`

/** One link a project: a new one takes the place of the old. */
export async function replaceLink(sql: Sql, key: Buffer, link: Omit<Link, 'createdAt'>, now: Date): Promise<void> {
  const { projectId, url, webhookSecret, deployKey, deployKeyPublic, hostKeys, createdBy } = link
  const secret = seal(key, secretPlace(projectId), webhookSecret)
  const deploy = deployKey === null ? null : seal(key, keyPlace(projectId), deployKey)
  await sql`
    insert into links (project_id, url, webhook_secret, deploy_key, deploy_key_public, host_keys, created_at, created_by)
    values (${projectId}, ${url}, ${secret}, ${deploy}, ${deployKeyPublic}, ${hostKeys}, ${now}, ${createdBy})
    on conflict (project_id) do update set url = excluded.url, webhook_secret = excluded.webhook_secret,
      deploy_key = excluded.deploy_key, deploy_key_public = excluded.deploy_key_public, host_keys = excluded.host_keys,
      created_at = excluded.created_at, created_by = excluded.created_by`
}

export async function findLink(sql: Sql, key: Buffer, projectId: ProjectId): Promise<Link | undefined> {
  const [row] = await sql<Row[]>`
    select project_id as "projectId", url, webhook_secret as "webhookSecret", deploy_key as "deployKey",
      deploy_key_public as "deployKeyPublic", host_keys as "hostKeys", created_at as "createdAt", created_by as "createdBy"
    from links where project_id = ${projectId}`
  if (row === undefined) return undefined
  return {
    ...row,
    webhookSecret: unseal(key, secretPlace(projectId), row.webhookSecret),
    deployKey: row.deployKey === null ? null : unseal(key, keyPlace(projectId), row.deployKey),
  }
}

/** Names of the projects that are linked to one of `urls`. */
export async function listProjectsLinkedTo(sql: Sql, urls: readonly string[]): Promise<readonly string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from links join projects on projects.id = project_id
    where deleted_at is null and url = any(${[...urls]}) order by name`
  return rows.map(({ name }) => name)
}
