import { resolve } from 'node:path'
import type { Command } from 'commander'
import { checkProject } from '../workflow/check-project.ts'
import { explainProblem } from '../workflow/explain.ts'
import { nextDues } from '../workflow/schedule.ts'
import { type PlannedTask, planTree } from '../workflow/tree.ts'
import type { Problem, Workflow } from '../workflow/workflow.ts'
import { formatInZone, getZone } from '../workflow/zone.ts'
import { readTree, readUntil } from './folder.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import { Failed, type Tools } from './tools.ts'

/** `sluice check [DIR]` */
export function checkCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'check',
      'Check a project as a push would, without a server',
      ['sluice check', 'the folder you are in: its workflows, their tasks, their next five runs'],
      ['sluice check hello', 'another one'],
    ),
  )
    .argument('[dir]', 'folder of the project', '.')
    .action(async (dir: string, { json }: { json?: boolean }) => {
      const { workflows, problems, ignored, texts } = await checkFolder(tools, resolve(tools.host.cwd, dir))
      const described = workflows.map((workflow) => describe(workflow, tools.now()))
      if (json) sayJson(tools, { workflows: described, problems, ignored })
      else sayAll(tools, described, { problems, ignored, texts })
      if (problems.some(isError)) throw new Failed()
    })
}

/** What a push of this folder would find. */
export async function checkFolder({ host, now }: Tools, folder: string) {
  const tree = await readTree(folder)
  const texts = new Map<string, string>()
  const operators = await host.language.operators()
  const expressions = await host.language.openExpressions()
  try {
    const project = { tree, texts, operators, expressions, now: now() }
    return { ...(await readUntil(folder, texts, () => checkProject(project))), texts }
  } finally {
    expressions.close()
  }
}

export const isError = ({ severity }: Problem): boolean => severity === 'error'

type Described = ReturnType<typeof describe>

function describe({ name, file, timezone, config, schedule }: Workflow, now: Date) {
  const shown = (at: Date) => formatInZone(getZone(timezone), at.getTime())
  const dues = schedule === null ? [] : nextDues(schedule, now, 5)
  const planned = planTree(config, `+${name}`)
  return {
    name,
    file,
    timezone,
    schedule: schedule === null ? null : `${schedule.kind}> ${schedule.at}`,
    next: dues.map(({ runAt, sessionTime }) => ({ runTime: shown(runAt), sessionTime: shown(sessionTime) })),
    tasks: planned.ok ? describeTasks(planned.tasks) : [],
  }
}

function describeTasks(tasks: readonly PlannedTask[]) {
  const depths: number[] = []
  return tasks.map(({ fullName, parent, config }, place) => {
    depths[place] = parent === null ? 0 : (depths[parent] ?? 0) + 1
    const operator = Object.keys(config).find((key) => key.endsWith('>')) ?? null
    const above = parent === null ? '' : (tasks[parent]?.fullName ?? '')
    return { fullName, name: fullName.slice(above.length), depth: depths[place] ?? 0, operator }
  })
}

type Found = { problems: readonly Problem[]; ignored: readonly string[]; texts: ReadonlyMap<string, string> }

function sayAll(tools: Tools, workflows: readonly Described[], { problems, ignored, texts }: Found): void {
  for (const workflow of workflows) for (const line of linesOf(workflow)) tools.say(line)
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

function linesOf({ file, timezone, schedule, next, tasks }: Described): readonly string[] {
  const width = Math.max(...tasks.map(({ name, depth }) => name.length + 2 * depth))
  return [
    `${file}  (${schedule ?? 'no schedule'}, ${timezone})`,
    ...tasks.map(({ name, depth, operator }) =>
      `  ${`${'  '.repeat(depth)}${name}`.padEnd(width)}  ${operator ?? ''}`.trimEnd(),
    ),
    ...next.map(
      ({ runTime, sessionTime }, place) => `  ${place === 0 ? 'next' : '    '}  ${runTime}  for ${sessionTime}`,
    ),
    '',
  ]
}
