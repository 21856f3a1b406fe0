import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Retry } from '../../app/retry-attempt.ts'
import type { Start } from '../../app/start-attempt.ts'
import type { AttemptId, JsonObject, WorkflowId } from '../../brand.ts'
import type { AttemptRow } from '../../db/api/attempts.ts'
import { findWorkflowsOfRevision, type WorkflowRow } from '../../db/api/workflows.ts'
import type { Sql } from '../../db/sql.ts'
import { printJson } from '../../json.ts'
import { Refusal } from '../../refusal.ts'
import { findLabelFault } from '../../workflow/names.ts'
import { check } from './check.ts'
import { getAttempt, missing } from './query.ts'
import { parseTime } from './times.ts'
import { getWorkflow } from './workflows.ts'

const A_TIME = 'expected a time such as 2026-03-28T00:00:00+00:00'

const id = z.union(
  [z.string().regex(/^\d{1,18}$/), z.int().positive().transform(String)],
  'expected an id such as "12"',
)
/** Every task of the attempt gets them, and every list of attempts shows them. */
const MAX_PARAMS_BYTES = 256 << 10
const TOO_MANY = `they are longer than ${MAX_PARAMS_BYTES >> 10} KiB as JSON: put large values into a file, and its name here`

const params = z
  .record(z.string(), z.unknown(), 'expected an object such as {}')
  .transform((object) => object as JsonObject) // it was JSON a line ago
  .refine((object) => Buffer.byteLength(printJson(object)) <= MAX_PARAMS_BYTES, TOO_MANY)
const attemptId = id.transform((digits) => digits as AttemptId)
const resume = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('failed'), attemptId }),
  z.object({ mode: z.literal('from'), attemptId, from: z.string().min(1) }),
])
const time = z
  .string(A_TIME)
  .transform((text) => parseTime(text, null))
  .refine((at) => at !== undefined, A_TIME)
const start = z.object({
  workflowId: id,
  sessionTime: time,
  retryAttemptName: z.string().nullish(),
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

/** Digdag's AttemptRequest. */
export async function readStart(sql: Sql, body: unknown): Promise<Omit<Start, 'startedBy'>> {
  const asked = check(start, body)
  checkRetryName(asked.retryAttemptName ?? null)
  const workflow = await getWorkflow(sql, asked.workflowId)
  if (asked.resume) checkSame(workflow, await getAttempt(sql, asked.resume.attemptId))
  return {
    workflowId: workflow.id,
    sessionTime: asked.sessionTime,
    params: asked.params,
    retryName: asked.retryAttemptName ?? '',
    resume: asked.resume ?? null,
  }
}

/** What another workflow has done is taken for done by nobody but a slip of a number. */
function checkSame(workflow: WorkflowRow, attempt: AttemptRow) {
  const [wanted, found] = [workflow.projectName, attempt.projectName]
  if (workflow.projectId === attempt.projectId && workflow.name === attempt.workflowName) return
  throw new Refusal(
    'invalid',
    `Attempt ${attempt.id} is of ${found} / ${attempt.workflowName}, and cannot be resumed as ${wanted} / ${workflow.name}`,
    `List those that can: sluice attempts ${wanted}`,
  )
}

function checkRetryName(name: string | null) {
  const fault = name === null ? undefined : findLabelFault('retry attempt name', name)
  if (fault === undefined) return
  throw new Refusal(
    'invalid',
    `Validating attempt request failed\n${fault}`,
    'Give it another name, or null for the first attempt.',
  )
}

/** Once more the same session: by default what failed, with the current revision's files. */
export async function planRetry(sql: Sql, attempt: AttemptRow, body: unknown): Promise<Omit<Retry, 'startedBy'>> {
  const asked = check(retry, body)
  return {
    attemptId: attempt.id,
    workflowId: asked.revision === 'keep' ? null : await findSameWorkflow(sql, attempt, asked.revision),
    retryName: asked.name ?? randomUUID(),
    params: asked.params,
    resume: resumeOf(asked),
  }
}

function resumeOf({ mode, from }: z.infer<typeof retry>): Retry['resume'] {
  if (mode === 'all') return null
  if (mode === 'failed') return { mode }
  if (from !== undefined) return { mode, from }
  throw new Refusal('invalid', 'from is required: the task to go on from', 'Add "from": "+workflow+task".')
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
