import type { DeliveryId, DeployId, ProjectId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

export type DeliveryRow = {
  readonly id: DeliveryId
  readonly projectId: ProjectId
  readonly projectName: string
  readonly kind: 'push' | 'webhook' | 'upload'
  readonly provider: string | null
  readonly externalId: string | null
  readonly event: string | null
  readonly ref: string | null
  readonly commit: string | null
  readonly pushedBy: string | null
  readonly state: string
  readonly reason: string | null
  readonly deployId: DeployId | null
  readonly receivedAt: Date
  readonly settledAt: Date | null
}

type Page = { readonly projectId?: ProjectId | undefined; readonly lastId?: string | undefined; readonly count: number }

/** Newest first, before `lastId`. Headers and body are left out: they are the sender's. */
export function listDeliveries(sql: Sql, { projectId, lastId, count }: Page): Promise<readonly DeliveryRow[]> {
  return sql<DeliveryRow[]>`${columns(sql)}
    where true ${projectId === undefined ? sql`` : sql`and d.project_id = ${projectId}`} ${lastId === undefined ? sql`` : sql`and d.id < ${lastId}`}
    order by d.id desc limit ${count}`
}

export async function findDelivery(sql: Sql, id: string): Promise<DeliveryRow | undefined> {
  const [delivery] = await sql<DeliveryRow[]>`${columns(sql)} where d.id = ${id}`
  return delivery
}

const columns = (sql: Sql) => sql`
  select d.id, p.id as "projectId", p.name as "projectName", d.kind, d.provider, d.external_id as "externalId", d.event, coalesce(d.ref, d.upload->>'revision') as ref,
    d.new_commit as commit, d.pushed_by as "pushedBy", d.state, d.reason, deploy.id as "deployId", d.received_at as "receivedAt", d.settled_at as "settledAt"
  from deliveries d join projects p on p.id = d.project_id left join deploys deploy on deploy.delivery_id = d.id`
