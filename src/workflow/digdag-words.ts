import type { DigdagSays } from './problem.ts'
import type { DigdagPhase, DigdagWords, Problem } from './workflow.ts'

/**
 * Digdag loads all files of a project and tells of each what it finds first; then it compiles them one after another, with
 * their schedules, and stops at the first problem. Of an `!include` that it cannot read it tells at once, and of a missing one nothing but the path.
 */
const LOADING: readonly DigdagPhase[] = ['yaml', 'timezone', 'exports', 'nothing', 'keys', 'names', 'workflow name']

type Said = { readonly digdag: DigdagSays }
type SaidOfFile = { readonly digdag: DigdagWords }

/** How Digdag's server answers a push with these errors. A problem that it does not know is told in our words. */
export function sayAsDigdag(project: string, errors: readonly Problem[]): string {
  const said = errors
    .filter((error): error is Problem & SaidOfFile => error.digdag !== undefined)
    .sort((a, b) => a.digdag.turn - b.digdag.turn)
  return (
    firstOf(said, ['at once']) ??
    sayMissing(project, said) ??
    sayLoading(project, said) ??
    byFile(said)
      .map(([, ofFile]) => sayCompiling(ofFile))
      .find((one) => one !== undefined) ??
    sayPlainly(errors)
  )
}

/** What is wrong with the tree of one file, or of a body that is about to run. */
export function sayTree(faults: readonly Said[]): string {
  return sayCompiling(faults) ?? firstOf(faults, LOADING) ?? ''
}

function firstOf(said: readonly Said[], phases: readonly DigdagPhase[]): string | undefined {
  return phases.flatMap((phase) => messagesOf(said, phase))[0]
}

/** Each once: several problems may share what Digdag says of them together. */
const messagesOf = (said: readonly Said[], phase: DigdagPhase): readonly string[] => [
  ...new Set(said.filter(({ digdag }) => digdag.phase === phase).map(({ digdag }) => digdag.message)),
]

function byFile(said: readonly SaidOfFile[]): readonly (readonly [file: string, said: readonly SaidOfFile[]])[] {
  const files = [...new Set(said.map(({ digdag }) => digdag.file))].sort()
  return files.map((file) => [file, said.filter(({ digdag }) => digdag.file === file)])
}

function sayMissing(project: string, said: readonly Said[]): string | undefined {
  const path = firstOf(said, ['missing file'])
  return path === undefined ? undefined : `${folderOf(project)}/${path}`
}

function sayLoading(project: string, said: readonly SaidOfFile[]): string | undefined {
  const lines = byFile(said).flatMap(([file, ofFile]) => {
    const message = sayLoadingOf(ofFile)
    return message === undefined ? [] : [`workflow ${folderOf(project)}/${file} ${message}`]
  })
  return lines.length === 0 ? undefined : ['Validating project failed', ...lines].join('\n')
}

/** Digdag names the folder in which it looked at the archive; there is none here. */
const folderOf = (project: string) => `/sluice/push/${project}`

/** Names are the only thing that it checks all of before it tells. */
function sayLoadingOf(said: readonly Said[]): string | undefined {
  const first = firstOf(said, LOADING.slice(0, LOADING.indexOf('names')))
  const names = [...messagesOf(said, 'names'), ...messagesOf(said, 'workflow name')]
  return first ?? (names.length === 0 ? undefined : ['Validating workflow failed', ...names].join('\n'))
}

function sayCompiling(said: readonly Said[]): string | undefined {
  const keys = messagesOf(said, 'group keys')
  return (
    firstOf(said, ['tree', 'task names']) ??
    (keys.length === 0 ? undefined : sayInvalid('workflow', keys)) ??
    firstOf(said, ['schedule'])
  )
}

/** A check of Digdag's own models gives its Java class away. */
export function sayInvalid(model: 'workflow' | 'workflow task', faults: readonly string[]): string {
  return [`io.digdag.core.repository.ModelValidationException: Validating ${model} failed`, ...faults].join('\n')
}

function sayPlainly([first]: readonly Problem[]): string {
  if (first === undefined) throw new Error('there is no error to be told')
  const { file, line, column, message, hint } = first
  return `${file}:${line}:${column}: ${message}. ${hint}`
}
