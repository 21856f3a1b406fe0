import type { ScheduleChange } from '../db/schedules.ts'
import { showControls } from '../workflow/show-controls.ts'
import type { Due, Workflow } from '../workflow/workflow.ts'

/** The grammar that people know from other push-to-deploy tools: an arrow for a step, seven columns for its details, ` !     ` for what is wrong. */
export const step = (text: string) => `-----> ${text}`
export const done = (text: string) => `=====> ${text}`
export const detail = (text: string) => `       ${text}`
export const wrong = (text: string) => ` !     ${text}`

/** What and why, then what to do next: last, so that it is what people see. */
export const refusalLines = (message: string, hint: string) => [wrong(message), wrong(hint)]

export const short = (commit: string) => commit.slice(0, 7)

export const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

/** `daily_sync.dig  ok   next 2026-02-11 07:00 UTC (in 11h 16m)` */
export function workflowLines(
  workflows: readonly Workflow[],
  next: (workflow: Workflow) => Due | null,
  now: Date,
): readonly string[] {
  const width = Math.max(...workflows.map(({ file }) => file.length), 0)
  return workflows.map((workflow) => {
    const due = next(workflow)
    const when = due === null ? 'no schedule' : `next ${instant(due.runAt)} UTC (in ${lasting(due.runAt, now)})`
    return detail(`${workflow.file.padEnd(width)}   ok   ${when}`)
  })
}

export const ignoredLine = (path: string) =>
  detail(`${showControls(path)}   ignored: only top-level .dig files are workflows`)

/** `~ daily_sync   daily> 06:00:00 -> daily> 07:00:00, next 2026-02-11 07:00 UTC` */
export function scheduleLine({ sign, workflowName, before, after, ...rest }: ScheduleChange): string {
  const written = [before, after].filter((one) => one !== null).map(({ kind, at }) => `${kind}> ${at}`)
  return detail(`${sign} ${workflowName}   ${written.join(' -> ')}${sayNext(rest)}`)
}

function sayNext({ nextRunAt, isOff, elsewhere }: Pick<ScheduleChange, 'nextRunAt' | 'isOff' | 'elsewhere'>): string {
  if (elsewhere !== null) return `, only in ${elsewhere.join(', ')}`
  if (nextRunAt === null) return ''
  return isOff ? ', switched off' : `, next ${instant(nextRunAt)} UTC`
}

export const startOffLine = (environment: string) =>
  detail(`In ${environment} schedules start switched off; switch one on: sluice schedules:enable ID --skip`)

/** `2026-02-11 07:00` */
const instant = (at: Date) => at.toISOString().slice(0, 16).replace('T', ' ')

/** `2d 3h`, `11h 16m`, `12m`, `40s` */
function lasting(at: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((at.getTime() - now.getTime()) / 1000))
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)]
  if (days > 0) return `${days}d ${hours % 24}h`
  if (hours > 0) return `${hours}h ${minutes % 60}m`
  return minutes > 0 ? `${minutes}m` : `${seconds}s`
}
