import type { DeliveryId } from '../../brand.ts'
import type { DeliveryRow, ShownDelivery } from '../../shown/delivery.ts'
import type { Sql } from '../sql.ts'

/** A body is shown as far as somebody reads it; whole it can be had as it came. */
const SHOWN_BODY_BYTES = 4096

const columns = (sql: Sql) => sql`
  deliveries.id, projects.name as project, deliveries.kind, provider, event, coalesce(ref, upload->>'revision') as ref, deliveries.old_commit as "oldCommit", deliveries.new_commit as "newCommit",
  pushed_by as "pushedBy", deliveries.state, reason, received_at as "receivedAt", deploys.id as "deployId", number as revision`

const tables = (sql: Sql) => sql`
  deliveries join projects on projects.id = deliveries.project_id left join deploys on deploys.delivery_id = deliveries.id
    left join revisions on revisions.id = deploys.revision_id`

/** Newest first, from below `before` on; of one state, or of all. */
export async function listDeliveryRows(
  sql: Sql,
  { before, state, limit }: { before: string | null; state: string | null; limit: number },
): Promise<readonly DeliveryRow[]> {
  return sql<DeliveryRow[]>`
    select ${columns(sql)} from ${tables(sql)}
    where (${before}::bigint is null or deliveries.id < ${before}) and (${state}::text is null or deliveries.state::text = ${state})
    order by deliveries.id desc limit ${limit}`
}

export async function findShownDelivery(sql: Sql, id: DeliveryId): Promise<ShownDelivery | undefined> {
  const [delivery] = await sql<(Omit<ShownDelivery, 'body'> & { body: Buffer | null })[]>`
    select ${columns(sql)}, external_id as "externalId", push_options as "pushOptions", headers, length(body) as "bodyBytes",
      substring(body for ${SHOWN_BODY_BYTES}) as body
    from ${tables(sql)} where deliveries.id = ${id}`
  return delivery && { ...delivery, body: delivery.body?.toString('utf8') ?? null }
}

export async function findDeliveryBody(sql: Sql, id: DeliveryId): Promise<Buffer | undefined> {
  const [delivery] = await sql<{ body: Buffer | null }[]>`select body from deliveries where id = ${id}`
  return delivery?.body ?? undefined
}
