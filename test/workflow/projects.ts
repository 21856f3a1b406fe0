import { openExpressions } from '../../src/expression/sandbox.ts'
import { OPERATORS } from '../../src/operators/all.ts'
import { type CheckedProject, checkProject } from '../../src/workflow/check-project.ts'
import type { Problem, TreeEntry, Workflow } from '../../src/workflow/workflow.ts'

export type Checked = Extract<CheckedProject, { kind: 'checked' }>
export type Files = Readonly<Record<string, string>>

const expressions = await openExpressions()

/** Checks files as a push does: texts are handed over when they are asked for. `entries` change what git says of a path. */
export function checkFiles(files: Files, entries: Readonly<Record<string, Partial<TreeEntry>>> = {}): Checked {
  const tree = Object.entries(files).map(([path, text]) => ({
    ...{ path, mode: '100644', bytes: Buffer.byteLength(text) },
    ...entries[path],
  }))
  const texts = new Map<string, string>()
  const operators = new Set(OPERATORS.keys())
  for (let round = 0; round < 100; round++) {
    const checked = checkProject({ tree, texts, operators, expressions, now: new Date('2026-03-01T00:00:00Z') })
    if (checked.kind === 'checked') return checked
    for (const path of checked.paths) texts.set(path, files[path] ?? '')
  }
  throw new Error('asks for ever')
}

export function checkText(text: string): Checked {
  return checkFiles({ 'main.dig': text })
}

/** The one workflow of a text without errors. */
export function read(text: string): Workflow {
  const { workflows, problems } = checkText(text)
  const [workflow] = workflows
  if (workflow === undefined) throw new Error(problems.map(show).join('\n'))
  return workflow
}

export function show({ file, line, column, severity, message, hint }: Problem): string {
  return `${file}:${line}:${column} ${severity}: ${message} | ${hint}`
}
