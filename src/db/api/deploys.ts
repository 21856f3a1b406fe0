import type { BuildId, DeliveryId, DeployId, LogId, ProjectId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

export type DeployRow = {
  readonly id: DeployId
  readonly projectId: ProjectId
  readonly projectName: string
  readonly deliveryId: DeliveryId
  /** Of an upload what its sender calls the revision. */
  readonly branch: string
  readonly commit: string | null
  readonly state: string
  readonly problem: string | null
  readonly revision: string | null
  readonly revisionNumber: number | null
  readonly buildId: BuildId | null
  readonly logId: LogId
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

type Page = { readonly projectId?: ProjectId | undefined; readonly lastId?: string | undefined; readonly count: number }

/** Newest first, before `lastId`. */
export function listDeploys(sql: Sql, { projectId, lastId, count }: Page): Promise<readonly DeployRow[]> {
  return sql<DeployRow[]>`${deployColumns(sql)}
    where true ${projectId === undefined ? sql`` : sql`and d.project_id = ${projectId}`} ${lastId === undefined ? sql`` : sql`and d.id < ${lastId}`}
    order by d.id desc limit ${count}`
}

export async function findDeploy(sql: Sql, id: string): Promise<DeployRow | undefined> {
  const [deploy] = await sql<DeployRow[]>`${deployColumns(sql)} where d.id = ${id}`
  return deploy
}

const deployColumns = (sql: Sql) => sql`
  select d.id, p.id as "projectId", p.name as "projectName", d.delivery_id as "deliveryId", coalesce(d.branch, delivery.upload->>'revision') as branch, d.new_commit as commit, d.state, d.problem,
    r.name as revision, r.number as "revisionNumber", d.build_id as "buildId", d.log_id as "logId", d.created_at as "createdAt", d.finished_at as "finishedAt"
  from deploys d join projects p on p.id = d.project_id join deliveries delivery on delivery.id = d.delivery_id left join revisions r on r.id = d.revision_id`
