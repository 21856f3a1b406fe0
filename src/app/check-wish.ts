import type { ProjectId } from '../brand.ts'
import { hasRevisionNamed } from '../db/revisions.ts'
import { Refusal } from '../refusal.ts'
import type { Workflow } from '../workflow/workflow.ts'
import type { Work } from './begin-deploy.ts'
import type { Words } from './pushed.ts'
import { type Stop, stop } from './stop-deploy.ts'

/** Whether the sender of an archive can have what was asked for beside it. */
export async function checkWish(
  work: Work,
  { commit, name, schedules: { clear } }: Words,
  workflows: readonly Workflow[],
): Promise<Stop | undefined> {
  const names = new Set(workflows.map((workflow) => workflow.name))
  const lost = clear === 'all' ? undefined : clear.find((one) => !names.has(one))
  if (lost !== undefined) return stop(work, `${lost} does not exist`, 'Give clear_schedule the names of workflows')
  if (commit !== null || !(await hasRevisionNamed(work.ports.sql, work.project.id, name))) return undefined
  return stopNameTaken(work, name)
}

/** In Digdag's words. */
export function stopNameTaken(work: Work, name: string): Stop {
  const { code, message, hint } = refuseNameTaken(work.project.id, name)
  return stop(work, message, hint, { code })
}

export const refuseNameTaken = (projectId: ProjectId, name: string) =>
  new Refusal(
    'conflict',
    `Resource already exists: revision=${name} in project id=${projectId}`,
    'Give the revision another name',
  )
