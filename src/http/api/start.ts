import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { AttemptId, JsonObject, WorkflowId } from '../../brand.ts'
import type { AttemptRow } from '../../db/api/attempts.ts'
import { findWorkflowsOfRevision } from '../../db/api/workflows.ts'
import type { Sql } from '../../db/sql.ts'
import { Refusal } from '../../refusal.ts'
import { check } from './check.ts'
import type { Resume, StartRequest } from './ports.ts'
import { missing } from './query.ts'
import { getWorkflow } from './workflows.ts'

type Asked = Omit<StartRequest, 'startedBy'>

const id = z.union([z.string().regex(/^\d{1,18}$/), z.int().positive().transform(String)])
const params = z.record(z.string(), z.json()).transform((object) => object as JsonObject) // it was JSON a line ago
const resume = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('failed'), attemptId: id }),
  z.object({ mode: z.literal('from'), attemptId: id, from: z.string().min(1) }),
])
const start = z.object({
  workflowId: id,
  sessionTime: z.iso.datetime({ offset: true }),
  retryAttemptName: z.string().max(255).nullish(),
  params,
  resume: resume.nullish(),
})
const retry = z.object({
  mode: z.enum(['all', 'failed', 'from']).default('failed'),
  from: z.string().optional(),
  revision: z.string().default('latest'),
  name: z.string().max(255).optional(),
  params: params.default({}),
})

/** Digdag's AttemptRequest. Sessions have whole seconds. */
export async function readStart(sql: Sql, body: unknown): Promise<Asked> {
  const asked = check(start, body)
  const workflow = await getWorkflow(sql, asked.workflowId)
  return {
    workflowId: workflow.id,
    sessionTime: wholeSecond(new Date(asked.sessionTime)),
    params: asked.params,
    retryName: asked.retryAttemptName ?? '',
    resume: asked.resume === null || asked.resume === undefined ? null : resumeOf(asked.resume),
  }
}

/** Once more the same session: by default what failed, with the current revision's files. */
export async function planRetry(sql: Sql, attempt: AttemptRow, body: unknown): Promise<Asked> {
  const asked = check(retry, body)
  if (asked.mode === 'from' && asked.from === undefined)
    throw new Refusal('invalid', 'from is required: the task to go on from', 'Add "from": "+workflow+task".')
  return {
    workflowId: asked.revision === 'keep' ? attempt.workflowId : await findSameWorkflow(sql, attempt, asked.revision),
    sessionTime: attempt.sessionTime,
    params: { ...attempt.params, ...asked.params },
    retryName: asked.name ?? randomUUID(),
    resume: asked.mode === 'all' ? null : resumeOf({ ...asked, mode: asked.mode, attemptId: attempt.id }),
  }
}

async function findSameWorkflow(sql: Sql, attempt: AttemptRow, revision: string): Promise<WorkflowId> {
  const wanted = { name: attempt.workflowName, revision: revision === 'latest' ? undefined : revision }
  const [workflow] = (await findWorkflowsOfRevision(sql, attempt.projectId, wanted)) ?? []
  if (workflow !== undefined) return workflow.id
  throw missing(
    `workflow name=${attempt.workflowName} in revision ${revision} of project ${attempt.projectName}`,
    `sluice workflows ${attempt.projectName}`,
  )
}

const resumeOf = (asked: { mode: 'failed' | 'from'; attemptId: string; from?: string | undefined }): Resume => {
  const attemptId = asked.attemptId as AttemptId // digits, checked above
  return asked.mode === 'failed' ? { mode: 'failed', attemptId } : { mode: 'from', attemptId, from: asked.from ?? '' }
}

const wholeSecond = (at: Date) => new Date(Math.floor(at.getTime() / 1000) * 1000)
