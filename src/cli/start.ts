import type { Command } from 'commander'
import type { JsonObject } from '../brand.ts'
import type { AttemptAnswer, WorkflowAnswer } from '../http/api/answers.ts'
import { Refusal } from '../refusal.ts'
import { pathOf } from './client.ts'
import { showFollowed } from './follow.ts'
import { collectParam } from './params.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import type { Tools } from './tools.ts'

type Options = {
  readonly session: string
  readonly param?: JsonObject
  readonly revision?: string
  readonly retry?: string
  readonly follow?: boolean
  readonly json?: boolean
}
type Wanted = Options & { readonly project: string; readonly workflow: string }

/** `sluice start PROJECT WORKFLOW` */
export function startCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'start',
      'Start a workflow on the server',
      ['sluice start weather daily', 'now'],
      ['sluice start weather daily -f', 'and follow it; exits with 1 unless it succeeds'],
      ['sluice start weather daily --session 2026-03-01', 'for another day'],
      ['sluice start weather daily -p city=seattle', 'with a parameter'],
    ),
  )
    .argument('<project>')
    .argument('<workflow>')
    .option('--session <time>', 'now, hourly, daily, or a time in the zone of the workflow', 'now')
    .option('-p, --param <key=value>', 'a parameter; dots nest, may be repeated', collectParam)
    .option('--revision <name>', 'of another revision than the current one (v3, or its name)')
    .option('--retry <name>', 'one more attempt of the same session, under this name')
    .option('-f, --follow', 'show what it does until its end')
    .action(async (project: string, workflow: string, options: Options) => {
      const attempt = await startAttempt(tools, { ...options, project, workflow })
      if (options.json) return sayJson(tools, attempt)
      tools.say(`Attempt ${attempt.id} of ${project}/${workflow} has started, for ${attempt.sessionTime}.`)
      if (options.follow) return showFollowed(tools, attempt.id)
      tools.note(`Follow it: sluice log -f ${attempt.id}`)
    })
}

/** Throws a Refusal that names the attempt which is there already. */
export async function startAttempt({ client, now }: Tools, wanted: Wanted): Promise<AttemptAnswer> {
  const found = pathOf('projects', wanted.project, 'workflows', wanted.workflow)
  const workflow = await client.get<WorkflowAnswer>(found, { revision: wanted.revision })
  const asked = sessionQuery(wanted.session, now())
  const truncated = pathOf('workflows', workflow.id, 'truncated_session_time')
  const { sessionTime } = await client.get<{ sessionTime: string }>(truncated, asked)
  const { isConflict, body } = await client.put<AttemptAnswer>('/api/attempts', {
    workflowId: workflow.id,
    sessionTime,
    retryAttemptName: wanted.retry ?? null,
    params: wanted.param ?? {},
    resume: null,
  })
  if (!isConflict) return body
  throw new Refusal(
    'conflict',
    `The session ${body.sessionTime} of ${wanted.project}/${wanted.workflow} has an attempt already: ${body.id}, ${body.status}`,
    `Run it once more with sluice retry ${body.id} --all, or start it under another name with --retry NAME.`,
  )
}

function sessionQuery(session: string, now: Date) {
  if (session === 'now') return { session_time: now.toISOString() }
  const mode = MODES[session]
  if (mode !== undefined) return { session_time: now.toISOString(), mode }
  return { session_time: /^\d{4}-\d\d-\d\d$/.test(session) ? `${session}T00:00:00` : session }
}

const MODES: Readonly<Record<string, string>> = {
  hourly: 'hour',
  daily: 'day',
  schedule: 'schedule',
  next_schedule: 'next_schedule',
}
