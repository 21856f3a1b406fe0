import { nextDues } from './schedule.ts'
import { planTree, readOperator } from './tree.ts'
import type { Workflow } from './workflow.ts'
import { formatInZone, getZone } from './zone.ts'

/** A workflow for people before it runs: its tree, when it runs, and the next `count` runs. Lines without an end. */
export function outlineWorkflow(workflow: Workflow, now: Date, count: number): readonly string[] {
  return [workflow.name, ...scheduleLines(workflow, now, count), ...treeLines(workflow)]
}

function scheduleLines({ schedule }: Workflow, now: Date, count: number): readonly string[] {
  if (schedule === null) return ['  no schedule: it runs when it is started']
  const zone = getZone(schedule.timezone)
  const dues = nextDues(schedule, now, count)
  const next = dues.map(({ runAt, sessionTime }) => {
    const session = formatInZone(zone, sessionTime.getTime())
    return `    ${formatInZone(zone, runAt.getTime())} for the session ${session}`
  })
  return [
    `  ${schedule.kind}> ${schedule.at} (${schedule.timezone})`,
    ...(next.length > 0 ? next : ['    never again: its end has passed']),
  ]
}

function treeLines({ name, config }: Workflow): readonly string[] {
  const tree = planTree(config, `+${name}`)
  if (!tree.ok) return []
  const depths: number[] = []
  return tree.tasks.map((task, place) => {
    const above = task.parent === null ? undefined : tree.tasks[task.parent]
    const depth = task.parent === null ? 1 : (depths[task.parent] ?? 0) + 1
    depths[place] = depth
    const operator = readOperator(task.config)
    const own = task.fullName.slice(above?.fullName.length ?? 0)
    const marks = task.config._parallel === undefined ? '' : ' (parallel)'
    return `${'  '.repeat(depth)}${own}${operator === undefined ? marks : ` ${operator.type}>`}`
  })
}
