import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { JsonObject } from '../brand.ts'
import { Refusal } from '../refusal.ts'
import { previousDue } from '../workflow/schedule.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { getZone, instantOf, wallOf } from '../workflow/zone.ts'
import { findWorkflow } from './find-workflow.ts'
import { openLines } from './follow.ts'
import { collectParam } from './params.ts'
import { commandWith } from './show.ts'
import { Failed, type Tools } from './tools.ts'

type Options = { readonly session?: string; readonly param?: JsonObject; readonly image?: string }

/** `sluice run WORKFLOW.dig` */
export function runCommand(tools: Tools): Command {
  return commandWith(
    'run',
    'Run a workflow here, without a server',
    ['sluice run hello/hello.dig', 'as processes of this machine'],
    ['sluice run hello/hello.dig -p name=ana', 'with a parameter'],
    ['sluice run hello/hello.dig --image debian:bookworm', 'in a container of this image'],
  )
    .argument('<workflow.dig>')
    .option('--session <time>', 'time in the zone of the workflow (default: the last one of its schedule, or today)')
    .option('-p, --param <key=value>', 'a parameter; dots nest, may be repeated', collectParam)
    .option('--image <name>', 'run the tasks in Docker, in this image')
    .action(async (file: string, { session, param, image }: Options) => {
      const path = resolve(tools.host.cwd, file)
      const { workflow } = await findWorkflow(tools, path)
      const lines = openLines(tools)
      const outcome = await tools.host.runLocally({
        folder: dirname(path),
        workflow,
        sessionTime: session === undefined ? lastSession(workflow, tools.now()) : readSession(session, workflow),
        params: param ?? {},
        image: image ?? null,
        write: (fullName, bytes) => lines.take({ fullName, bytes: Buffer.from(bytes).toString('base64') }),
        tell: (fullName, state, why) => tools.note(`${fullName}: ${state}${why === null ? '' : ` (${why})`}`),
      })
      lines.flush()
      tools.note(`${workflow.file}: ${outcome}`)
      if (outcome !== 'success') throw new Failed()
    })
}

const DAY_MS = 86_400_000

/** The newest session of its schedule, else today's midnight. */
function lastSession(workflow: Workflow, now: Date): Date {
  const due = workflow.schedule === null ? null : previousDue(workflow.schedule, now)
  if (due !== null) return due.sessionTime
  const zone = getZone(workflow.timezone)
  return new Date(instantOf(zone, Math.floor(wallOf(zone, now.getTime()) / DAY_MS) * DAY_MS))
}

function readSession(text: string, workflow: Workflow): Date {
  const [, date, time, offset] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? []
  const wall = new Date(`${date}T${time ?? '00:00:00'}${offset ?? 'Z'}`)
  if (Number.isNaN(wall.getTime()))
    throw new Refusal('invalid', `${text} is not a time`, 'Write it like 2026-03-28 or 2026-03-28T07:00:00.')
  return offset === undefined ? new Date(instantOf(getZone(workflow.timezone), wall.getTime())) : wall
}
