import type { Command } from 'commander'
import { pathOf } from './client.ts'
import { followEvents, openLines, showFollowed } from './follow.ts'
import { idOf } from './number.ts'
import { commandWith, withJson } from './show.ts'
import type { Tools } from './tools.ts'

type Options = { readonly follow?: boolean; readonly json?: boolean }

/** `sluice log ATTEMPT [TASK]` */
export function logCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'log',
      'Show the log of an attempt, or of one task',
      ['sluice log 12', 'of all tasks, each line with its task'],
      ['sluice log 12 +daily+extract', 'of one task, byte by byte'],
      ['sluice log -f 12', 'live, until the end; exits with 1 unless it succeeds'],
    ),
  )
    .argument('<attempt>', 'number, as sluice attempts shows it', idOf)
    .argument('[task]', 'full name or id of a task')
    .option('-f, --follow', 'go on until the end')
    .action(async (attempt: string, task: string | undefined, options: Options) => {
      if (options.json) return showEvents(tools, attempt, { task, isFollowing: options.follow === true })
      if (options.follow) return showFollowed(tools, attempt, task)
      return task === undefined ? showLines(tools, attempt) : showBytes(tools, attempt, task)
    })
}

async function showBytes({ client, write }: Tools, attempt: string, task: string): Promise<void> {
  for await (const bytes of client.stream(pathOf('attempts', attempt, 'tasks', task, 'log'))) write(bytes)
}

async function showLines(tools: Tools, attempt: string): Promise<void> {
  const lines = openLines(tools)
  for await (const event of followEvents(tools, attempt, { isFollowing: false }))
    if (event.kind === 'log') lines.take(event)
  lines.flush()
}

/** An object a line, so that a program can read along; the log's bytes are in base64. */
async function showEvents(tools: Tools, attempt: string, wanted: Parameters<typeof followEvents>[2]): Promise<void> {
  for await (const event of followEvents(tools, attempt, wanted))
    if (event.kind !== 'alive') tools.say(JSON.stringify(event))
}
