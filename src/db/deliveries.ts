import type { DeliveryId, Digest, ProjectId } from '../brand.ts'
import { jsonText, type Sql } from './sql.ts'

export type DeliveryKind = 'push' | 'webhook' | 'upload'
export type DeliveryState = 'received' | 'ignored' | 'deployed' | 'declined' | 'failed'

export type Delivery = {
  readonly id: DeliveryId
  readonly projectId: ProjectId
  readonly kind: DeliveryKind
  readonly provider: string | null
  readonly externalId: string | null
  readonly event: string | null
  readonly ref: string | null
  readonly oldCommit: string | null
  readonly newCommit: string | null
  readonly pushedBy: string | null
  readonly pushOptions: readonly string[]
  readonly state: DeliveryState
  readonly reason: string | null
  readonly receivedAt: Date
  readonly settledAt: Date | null
}

export type PushReceived = {
  readonly projectId: ProjectId
  readonly ref: string
  readonly oldCommit: string | null
  readonly newCommit: string | null
  readonly pushedBy: string
  readonly pushOptions: readonly string[]
}

export type WebhookReceived = {
  readonly projectId: ProjectId
  readonly provider: 'github'
  readonly externalId: string
  readonly event: string
  readonly ref: string | null
  readonly newCommit: string | null
  readonly pushedBy: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What the sender of an archive asks for. */
export type Upload = {
  readonly revision: string
  /** An instant; null: now. */
  readonly scheduleFrom: string | null
  readonly clear: 'all' | readonly string[]
}

export type UploadReceived = {
  readonly projectId: ProjectId
  readonly pushedBy: string
  readonly sourceDigest: Digest
  readonly upload: Upload
}

const columns = (sql: Sql) => sql`
  id, project_id as "projectId", kind, provider, external_id as "externalId", event, ref, old_commit as "oldCommit",
  new_commit as "newCommit", pushed_by as "pushedBy", push_options as "pushOptions", state, reason,
  received_at as "receivedAt", settled_at as "settledAt"`

export async function insertPush(sql: Sql, push: PushReceived, now: Date): Promise<DeliveryId> {
  const [row] = await sql<[{ id: DeliveryId }]>`
    insert into deliveries (project_id, kind, ref, old_commit, new_commit, pushed_by, push_options, received_at)
    values (${push.projectId}, 'push', ${push.ref}, ${push.oldCommit}, ${push.newCommit}, ${push.pushedBy},
      ${sql.json([...push.pushOptions])}, ${now})
    returning id`
  return row.id
}

export async function insertUpload(
  sql: Sql,
  { projectId, pushedBy, sourceDigest, upload }: UploadReceived,
  now: Date,
): Promise<DeliveryId> {
  const [row] = await sql<[{ id: DeliveryId }]>`
    insert into deliveries (project_id, kind, pushed_by, source_digest, upload, received_at)
    values (${projectId}, 'upload', ${pushedBy}, ${sourceDigest}, ${jsonText(upload)}::text::json, ${now})
    returning id`
  return row.id
}

export async function getUpload(sql: Sql, id: DeliveryId): Promise<Upload & Pick<UploadReceived, 'sourceDigest'>> {
  const [row] = await sql<[Pick<UploadReceived, 'upload' | 'sourceDigest'>]>`
    select upload, source_digest as "sourceDigest" from deliveries where id = ${id}`
  return { ...row.upload, sourceDigest: row.sourceDigest }
}

/** Undefined when this delivery was received before: the sender's id is stored once a project. */
export async function insertWebhookIfNew(
  sql: Sql,
  webhook: WebhookReceived,
  now: Date,
): Promise<DeliveryId | undefined> {
  const [row] = await sql<{ id: DeliveryId }[]>`
    insert into deliveries (project_id, kind, provider, external_id, event, ref, new_commit, pushed_by, headers, body, received_at)
    values (${webhook.projectId}, 'webhook', ${webhook.provider}, ${webhook.externalId}, ${webhook.event}, ${webhook.ref},
      ${webhook.newCommit}, ${webhook.pushedBy}, ${sql.json(webhook.headers)}, ${webhook.body}, ${now})
    on conflict (project_id, provider, external_id) do nothing
    returning id`
  return row?.id
}

/** False when it is settled already. */
export async function settleDeliveryIfReceived(
  sql: Sql,
  id: DeliveryId,
  { state, reason }: { state: Exclude<DeliveryState, 'received'>; reason: string | null },
  now: Date,
): Promise<boolean> {
  const { count } = await sql`
    update deliveries set state = ${state}, reason = ${reason}, settled_at = ${now} where id = ${id} and state = 'received'`
  return count === 1
}

export async function getDelivery(sql: Sql, id: DeliveryId): Promise<Delivery> {
  const [delivery] = await sql<[Delivery]>`select ${columns(sql)} from deliveries where id = ${id}`
  return delivery
}
