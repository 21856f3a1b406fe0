import type { Json } from '../brand.ts'
import { isJsonObject } from '../workflow/merge.ts'

/** Whose log it is: what Digdag's clients find between the brackets. */
export type LineSource = {
  readonly worker: string
  readonly projectName: string
  readonly sessionId: string
  readonly attemptId: string
  readonly fullName: string
}

/** A line of ours in a task's log, in Digdag's form: its clients group and filter by it. */
export function taskLine(source: LineSource, level: 'INFO' | 'WARN' | 'ERROR', text: string, now: Date): string {
  const time = now.toISOString().replace('T', ' ').replace('Z', ' +0000')
  const { worker, projectName, sessionId, attemptId, fullName } = source
  return `${time} [${level}] (${worker}@[0:${projectName}:${sessionId}:${attemptId}]${fullName}) sluice.task: ${text}\n`
}

/** `sh>: echo hi`, before the first run. Mappings are shown in Java's form, as Digdag shows them: `{from=0, to=10}`. */
export function headline(type: string, command: Json | undefined): string {
  return command === undefined ? `type: ${type}` : `${type}>: ${command === null ? '' : shown(command)}`
}

function shown(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (!isJsonObject(value)) return String(value)
  return `{${Object.entries(value)
    .map(([key, one]) => `${key}=${shown(one)}`)
    .join(', ')}}`
}
