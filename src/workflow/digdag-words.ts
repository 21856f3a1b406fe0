import type { Problem } from './workflow.ts'

/** How Digdag answers a push with these errors: with the first that it comes to. A problem that it does not know is told in ours. */
export function sayAsDigdag(project: string, errors: readonly Problem[]): string {
  const found = PHASES.flatMap((phase) => errors.filter((error) => (error.digdag?.phase ?? 'compile') === phase))
  const [first] = found
  if (first === undefined) throw new Error('there is no error to be told')
  const { digdag, file, line, column, message } = first
  if (digdag === undefined) return `${file}:${line}:${column}: ${message}`
  if (digdag.phase !== 'load') return digdag.message
  return `Validating project failed\nworkflow ${folderOf(project)}/${file} ${digdag.message}`
}

const PHASES = ['load', 'compile', 'schedule'] as const

/** Digdag names the folder in which it looked at the archive; there is none here. */
const folderOf = (project: string) => `/sluice/push/${project}`
