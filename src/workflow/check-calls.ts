import { calledPath } from './called-file.ts'
import type { LocatedTask } from './list-tasks.ts'
import type { Entry, Position } from './located.ts'
import { problemAt, warningAt } from './problem.ts'
import { quote } from './quote.ts'
import type { Problem } from './workflow.ts'

/** A `call>` whose file is known without running. */
export type Call = { readonly path: string; readonly position: Position; readonly isConditional: boolean }

export type Calls = {
  readonly calls: readonly Call[]
  /** Of those whose file would lie outside of the project. */
  readonly problems: readonly Problem[]
}

/** The calls of a file's tasks. One that is called itself (in a folder) has its paths begin there. */
export function listCalls(file: string, tasks: readonly LocatedTask[], isCalled: boolean): Calls {
  const folder = isCalled ? file.split('/').slice(0, -1).join('/') : ''
  const calls: Call[] = []
  const problems: Problem[] = []
  for (const task of tasks) {
    const command = task.operator?.word === 'call' ? task.operator.command : undefined
    const [name, workdir] = [knownText(command), command && workdirOf(task, folder)]
    if (command === undefined || name === undefined || workdir === undefined) continue
    const path = calledPath(workdir, name)
    const { position } = command.value
    if (path === undefined) problems.push(warningAt(position, leadsOut(name)))
    else calls.push({ path, position, isConditional: task.isConditional })
  }
  return { calls, problems }
}

const leadsOut = (name: string) => ({
  message: `call>: ${quote(name)} leads out of the project, so that the task will fail`,
  hint: 'Write the path of a .dig in the project: call>: parts/load.dig.',
})

/** Undefined when only the run can say. */
function knownText(entry: Entry | undefined): string | undefined {
  const value = entry?.value.kind === 'scalar' ? entry.value.value : null
  return typeof value === 'string' && !value.includes('${') ? value : undefined
}

/** What the task says of itself goes before what it exports, and that before what is exported above. */
function workdirOf(task: LocatedTask, folder: string): string | undefined {
  const own = task.entries.get('_workdir')
  return own === undefined ? exportedWorkdir(task, folder) : knownText(own)
}

/** That at the top of a file counts from its folder. */
function exportedWorkdir({ entries, above }: LocatedTask, folder: string): string | undefined {
  const exports = entries.get('_export')?.value
  const entry = exports?.kind === 'map' ? exports.entries.get('_workdir') : undefined
  if (entry === undefined) return above === null ? folder : exportedWorkdir(above, folder)
  const workdir = knownText(entry)
  return workdir === undefined || above !== null || folder === '' ? workdir : `${folder}/${workdir}`
}

/** Calls that always come back to where they started. One through `_do` or `_error` may end, so it is allowed. */
export function findCircles(files: readonly string[], callsOf: (file: string) => readonly Call[]): readonly Problem[] {
  const done = new Set<string>()
  return files.flatMap((file) => walkCalls(file, [], callsOf, done))
}

function walkCalls(
  file: string,
  stack: readonly string[],
  callsOf: (file: string) => readonly Call[],
  done: Set<string>,
): readonly Problem[] {
  if (done.has(file)) return []
  const way = [...stack, file]
  const problems = callsOf(file).flatMap((call) => {
    if (call.isConditional) return []
    return way.includes(call.path) ? [circle(way, call)] : walkCalls(call.path, way, callsOf, done)
  })
  done.add(file)
  return problems
}

function circle(way: readonly string[], { path, position }: Call): Problem {
  const shown = [...way.slice(way.indexOf(path)), path].join(' -> ')
  return problemAt(position, {
    message: `call> goes round in a circle: ${shown}; it would never end`,
    hint: 'Remove one call of the circle, or put it below if>.',
  })
}
