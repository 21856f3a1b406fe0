import { resolve } from 'node:path'
import type { Command } from 'commander'
import { describePlan, planEnvironment } from '../environment/plan.ts'
import { Refusal } from '../refusal.ts'
import { checkLinks } from '../workflow/check-links.ts'
import { checkProject } from '../workflow/check-project.ts'
import { explainProblem } from '../workflow/explain.ts'
import type { Problem } from '../workflow/workflow.ts'
import { describeWorkflow, workflowLines } from './describe-workflow.ts'
import { readLinks, readTree, readUntil } from './folder.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import { Failed, type Tools } from './tools.ts'

/** `sluice check [DIR]` */
export function checkCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'check',
      'Check a project as a push would, without a server',
      ['sluice check', 'the folder you are in: its workflows, their tasks, their next five runs, their environment'],
      ['sluice check hello', 'another one'],
    ),
  )
    .argument('[dir]', 'folder of the project', '.')
    .action(async (dir: string, { json }: { json?: boolean }) => {
      const { texts, ...found } = await examine(tools, resolve(tools.host.cwd, dir))
      if (json) sayJson(tools, found)
      else sayAll(tools, found, texts)
      if (found.problems.some(isError)) throw new Failed()
    })
}

type Examined = Omit<Awaited<ReturnType<typeof examine>>, 'texts'>

async function examine(tools: Tools, folder: string) {
  const { workflows, called, problems, ignored, texts, tree } = await checkFolder(tools, folder)
  const { baseImage, templates } = await tools.host.language.environment()
  const files = tree.map((entry) => ({ ...entry, object: '' })) // git's ids make the image's key, which is not shown
  const planned = await readUntil(folder, texts, () =>
    planEnvironment({ tree: files, texts, builder: {}, baseImage, templates }),
  )
  if (planned.kind === 'refused') throw new Refusal('invalid', planned.message, planned.hint)
  return {
    workflows: workflows.map((workflow) => describeWorkflow(workflow, called, tools.now())),
    environment: { plan: describePlan(planned.plan), notices: planned.notices },
    ...{ problems, ignored, texts },
  }
}

/** What a push of this folder would find. */
export async function checkFolder({ host, now }: Tools, folder: string) {
  const tree = await readTree(folder)
  const links = tree.filter(({ mode }) => mode === '120000')
  const texts = new Map(links.map(({ path }) => [path, ''])) // git keeps where a link leads: that is no text of the file
  const operators = await host.language.operators()
  const expressions = await host.language.openExpressions()
  try {
    const project = { tree, texts, operators, expressions, now: now() }
    const checked = await readUntil(folder, texts, () => checkProject(project))
    const problems = [...checked.problems, ...checkLinks(await readLinks(folder, links))]
    return { ...checked, problems, texts, tree }
  } finally {
    expressions.close()
  }
}

export const isError = ({ severity }: Problem): boolean => severity === 'error'

function sayAll(tools: Tools, found: Examined, texts: ReadonlyMap<string, string>): void {
  const { workflows, environment, problems, ignored } = found
  for (const workflow of workflows) for (const line of workflowLines(workflow)) tools.say(line)
  tools.say(`Environment: ${environment.plan}`)
  for (const notice of environment.notices) tools.say(`  ${notice}`)
  tools.say('')
  for (const path of ignored) tools.say(`${path}: ignored, only .dig files at the top are workflows\n`)
  for (const problem of problems) for (const line of explainProblem(problem, texts.get(problem.file))) tools.note(line)
  const errors = problems.filter(isError).length
  if (errors > 0)
    tools.note(
      `\n${errors} ${errors === 1 ? 'problem' : 'problems'} found: a push would be declined. Correct the lines above.`,
    )
  else if (workflows.length === 0)
    tools.note('There is no workflow here: a .dig file at the top of the project is one.')
  else tools.say(`${workflows.length} ${workflows.length === 1 ? 'workflow is' : 'workflows are'} fine.`)
}
