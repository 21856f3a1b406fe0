import { calledPath } from './called-file.ts'
import { listTasks } from './list-tasks.ts'
import { findEntry, type LocatedMap, type Position } from './located.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './workflow.ts'

/** A `call>` whose file is known without running. */
export type Call = { readonly path: string; readonly position: Position; readonly isConditional: boolean }

/** `file` is where the calls stand: its folder, and a `_workdir` exported at its top, are where their paths begin. */
export function listCalls(file: string, root: LocatedMap, isCalled: boolean): readonly Call[] {
  const folder = isCalled ? file.split('/').slice(0, -1).join('/') : ''
  const workdir = findEntry(root, ['_export', '_workdir'])
  const base =
    workdir?.value.kind === 'scalar' ? [folder, workdir.value.value].filter((part) => part !== '').join('/') : folder
  return listTasks(root, '+').flatMap(({ entries, operator, isConditional }) => {
    const command = operator?.entry.value
    if (operator?.word !== 'call' || command?.kind !== 'scalar' || typeof command.value !== 'string') return []
    if (command.value.includes('${') || entries.has('_workdir')) return []
    const path = calledPath(base, command.value)
    return path === undefined ? [] : [{ path, position: command.position, isConditional }]
  })
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
