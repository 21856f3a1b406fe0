import { createHash } from 'node:crypto'
import type { JsonObject, ProjectId } from '../../brand.ts'
import type { ShownProject, ShownWorkflow } from '../../shown/project.ts'
import { elsewhere } from '../schedules.ts'
import type { Sql } from '../sql.ts'
import { shownState } from './shown.ts'

export async function findShownProject(
  sql: Sql,
  name: string,
): Promise<(ShownProject & { id: ProjectId }) | undefined> {
  const [project] = await sql<ProjectRow[]>`
    select projects.id, projects.name, branch, revisions.number, commit, message, author, revisions.created_at as "revisedAt",
      url, deploy_key_public as "publicKey", host_keys as "hostKeys", links.created_at as "linkedAt", links.created_by as "linkedBy"
    from projects left join revisions on revisions.id = current_revision_id left join links on links.project_id = projects.id
    where projects.name = ${name} and deleted_at is null`
  return project && shown(project)
}

type ProjectRow = {
  id: ProjectId
  name: string
  branch: string | null
  number: number | null
  commit: string | null
  message: string | null
  author: string | null
  revisedAt: Date | null
  url: string | null
  publicKey: string | null
  hostKeys: string | null
  linkedAt: Date | null
  linkedBy: string | null
}

function shown(row: ProjectRow): ShownProject & { id: ProjectId } {
  const { id, name, branch, number, commit, message, author, revisedAt, url, publicKey, hostKeys, linkedAt, linkedBy } =
    row
  return {
    id,
    name,
    branch,
    revision: number === null || revisedAt === null ? null : { number, commit, message, author, createdAt: revisedAt },
    link:
      url === null || linkedAt === null || linkedBy === null
        ? null
        : { url, publicKey, hostKeys: fingerprintsOf(hostKeys), createdAt: linkedAt, createdBy: linkedBy },
  }
}

/** As `ssh-keygen -l` and forges write them, of the lines of a known_hosts file. */
const fingerprintsOf = (knownHosts: string | null): readonly string[] =>
  (knownHosts ?? '')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, kind, key]) => (kind === undefined || key === undefined ? [] : [`${kind} SHA256:${digestOf(key)}`]))

const digestOf = (key: string) =>
  createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')

/** The workflows that are live, or the one of that name: with their schedules, and their 30 newest sessions. */
export async function listShownWorkflows(
  sql: Sql,
  projectId: ProjectId,
  name: string | null,
  now: Date,
): Promise<readonly (ShownWorkflow & { rawSchedule: JsonObject | null })[]> {
  const rows = await sql<WorkflowRow[]>`
    select workflows.id, workflows.name, timezone, config->'schedule' as "rawSchedule", next_run_at as "nextRunAt", next_session_time as "nextSessionTime",
      disabled_at is not null as "isPaused", case when held_at is not null then schedules.id end as "heldScheduleId",
      waiting_since as "waitingSince", refused_because as "refusedBecause", ${elsewhere(sql)} as elsewhere, recent.sessions as recent
    from projects join workflows on workflows.revision_id = current_revision_id
      left join schedules on schedules.project_id = projects.id and schedules.workflow_name = workflows.name
      cross join lateral (
        select coalesce(json_agg(json_build_object('id', id::text, 'state', state, 'startedAt', created_at, 'ms', ms) order by session_time), '[]') as sessions
        from (
          select attempts.id, ${shownState(sql)} as state, attempts.created_at, session_time,
            extract(epoch from coalesce(finished_at, ${now}) - attempts.created_at) * 1000 as ms
          from sessions join attempts on attempts.id = last_attempt_id
          where sessions.project_id = projects.id and sessions.workflow_name = workflows.name
          order by session_time desc limit 30
        ) as newest
      ) as recent
    where projects.id = ${projectId} and (${name}::text is null or workflows.name = ${name})
    order by workflows.name`
  return rows.map(withLast)
}

type WorkflowRow = Omit<ShownWorkflow, 'last' | 'schedule' | 'recent'> & {
  rawSchedule: JsonObject | null
  recent: readonly { id: string; state: ShownWorkflow['recent'][number]['state']; startedAt: string; ms: number }[]
}

function withLast(row: WorkflowRow): ShownWorkflow & { rawSchedule: JsonObject | null } {
  const last = row.recent.at(-1)
  return {
    ...row,
    schedule: sayScheduled(row.rawSchedule),
    last: last === undefined ? null : { id: last.id, state: last.state, startedAt: new Date(last.startedAt) },
  }
}

/** As it is written in the file: `daily>: 06:00:00`. */
function sayScheduled(schedule: JsonObject | null): string | null {
  const key = Object.keys(schedule ?? {}).find((one) => one.endsWith('>'))
  return key === undefined ? null : `${key}: ${schedule?.[key]}`
}
