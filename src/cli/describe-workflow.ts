import type { Json } from '../brand.ts'
import { cutEnd } from '../graph/fit-text.ts'
import { type OutlineRow, outlineGraph } from '../graph/outline.ts'
import { planGraph } from '../graph/plan-graph.ts'
import { printJson } from '../json.ts'
import type { CalledFiles } from '../workflow/called-file.ts'
import { isJsonObject } from '../workflow/merge.ts'
import { neededParams } from '../workflow/needed-params.ts'
import { nextDues } from '../workflow/schedule.ts'
import { readPolicy } from '../workflow/schedule-policy.ts'
import { showControls } from '../workflow/show-controls.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { formatInZone, getZone } from '../workflow/zone.ts'

const NEXT = 5

/** What can be said of a workflow before it runs. */
type Described = ReturnType<typeof describeWorkflow>

export function describeWorkflow(workflow: Workflow, called: CalledFiles, now: Date) {
  const { name, file, timezone, schedule, config } = workflow
  const shown = (at: Date) => formatInZone(getZone(timezone), at.getTime())
  const dues = schedule === null ? [] : nextDues(schedule, now, NEXT)
  return {
    ...{ name, file, timezone },
    schedule: schedule === null ? null : `${schedule.kind}> ${schedule.at}`,
    environments: schedule === null ? null : readPolicy(schedule.options).environments,
    next: dues.map(({ runAt, sessionTime }) => ({ runTime: shown(runAt), sessionTime: shown(sessionTime) })),
    params: isJsonObject(config._export) ? config._export : {},
    needs: neededParams(workflow),
    tasks: outlineGraph(planGraph(workflow, called)).map(describeTask),
  }
}

function describeTask({ depth, task }: OutlineRow) {
  const { fullName, name, operator, marks, after, turn } = task
  return {
    ...{ fullName, name, depth },
    operator: operator === null ? null : `${operator.type}>`,
    command: operator?.words ?? null,
    marks: after.length === 0 ? marks : [...marks, `after ${after.join(', ')}`],
    runs: turn,
  }
}

/** As a person reads it, each line without its end. */
export function workflowLines(workflow: Described): readonly string[] {
  const { file, timezone, schedule, environments, tasks } = workflow
  const where = environments === null ? [] : [`only in ${environments.join(', ')}`]
  const names = tasks.map(({ name, depth }) => `${'  '.repeat(depth)}${showControls(name)}`)
  const width = Math.max(...names.map((name) => name.length))
  return [
    `${showControls(file)}  (${[schedule ?? 'no schedule', timezone, ...where].join(', ')})`,
    ...tasks.map((task, at) => `  ${names[at]?.padEnd(width)}  ${sayTask(task)}`.trimEnd()),
    ...labelled('params', Object.entries(workflow.params).map(sayParam)),
    ...labelled('needs', sayNeeds(workflow.needs)),
    ...labelled('next', sayNext(workflow)),
    '',
  ]
}

function sayTask({ operator, command, marks }: Described['tasks'][number]): string {
  return [...(operator === null ? [] : [`${operator} ${command}`.trimEnd()]), marks.join(', ')].join('  ')
}

const MOST_COLUMNS = 60

function sayParam([name, value]: [string, Json]): string {
  const text = typeof value === 'string' ? value : printJson(value)
  return showControls(`${name} = ${cutEnd(text.slice(0, 1000).replace(/\s+/g, ' '), MOST_COLUMNS)}`)
}

function sayNeeds(names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${names.join(', ')}: from whoever starts it, or from what a task stores`]
}

function sayNext({ schedule, next }: Pick<Described, 'schedule' | 'next'>): readonly string[] {
  if (schedule !== null && next.length === 0) return ['never again: the end of its schedule has passed']
  return next.map(({ runTime, sessionTime }) => `${runTime}  for ${sessionTime}`)
}

/** The label stands before the first line; those after it stand below. */
function labelled(label: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, at) => `  ${(at === 0 ? label : '').padEnd(6)}  ${line}`)
}
