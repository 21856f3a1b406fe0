import { Command } from 'commander'
import { printJson } from '../json.ts'
import { renderTable } from './table.ts'
import type { Tools } from './tools.ts'

/** One line of a command's `--help`: a command that works as it stands, and what it does. */
export type Example = readonly [line: string, does: string]

/** A command with examples under its help. Every one of them is run by a test. */
export function commandWith(name: string, summary: string, ...examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, does]) => `  $ ${line.padEnd(width)}  ${does}`)
  return new Command(name)
    .summary(summary)
    .description(`${summary}.`)
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

export const withJson = (command: Command): Command => command.option('--json', 'print JSON, as the API answers it')

export const sayJson = (tools: Tools, answer: unknown): void => tools.say(printJson(answer, 2))

/** A list as a table, or in one sentence that there is nothing. */
export function sayTable(
  tools: Tools,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  nothing: string,
): void {
  if (rows.length === 0) tools.note(nothing)
  else tools.say(renderTable(head, rows))
}

/** `12s`, `3m 20s`, `2h 5m`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`
  return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`
}
