import { basename, dirname, relative } from 'node:path'
import { Refusal } from '../refusal.ts'
import type { CalledFiles } from '../workflow/called-file.ts'
import { explainProblem } from '../workflow/explain.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { checkFolder, isError } from './check.ts'
import { Failed, type Tools } from './tools.ts'

type Found = { readonly workflow: Workflow; readonly called: CalledFiles }

/** The workflow of a file, or the only one of a folder, once its project has been checked as a push would: with any problem it is none. */
export async function findWorkflow(tools: Tools, path: string): Promise<Found> {
  const isFile = path.endsWith('.dig')
  const { workflows, called, problems, texts } = await checkFolder(tools, isFile ? dirname(path) : path)
  const errors = problems.filter(isError)
  for (const problem of errors) for (const line of explainProblem(problem, texts.get(problem.file))) tools.note(line)
  if (errors.length > 0) throw new Failed()
  const shown = relative(tools.host.cwd, path)
  return { workflow: isFile ? named(workflows, basename(path), shown) : only(workflows, shown), called }
}

function named(workflows: readonly Workflow[], name: string, shown: string): Workflow {
  const workflow = workflows.find(({ file }) => file === name)
  if (workflow !== undefined) return workflow
  throw new Refusal(
    'not_found',
    `There is no workflow ${shown}`,
    'Name a .dig file that lies at the top of its project.',
  )
}

function only(workflows: readonly Workflow[], shown: string): Workflow {
  const [workflow, ...others] = workflows
  const where = shown === '' ? 'here' : `in ${shown}`
  if (workflow === undefined)
    throw new Refusal('not_found', `There is no workflow ${where}`, 'A .dig file at the top of a project is one.')
  if (others.length === 0) return workflow
  const names = workflows.map(({ file }) => file).join(', ')
  throw new Refusal('invalid', `There are ${workflows.length} workflows ${where}: ${names}`, 'Name one of them.')
}
