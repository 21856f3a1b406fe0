import type { Graph, GraphTask, Level } from '../../src/graph/graph.ts'
import { planGraph } from '../../src/graph/plan-graph.ts'
import { type CalledFiles, readCalled } from '../../src/workflow/called-file.ts'

/** The graph of a workflow, by default of `wf.dig`, with the other files there to be called. */
export function graphOf(files: Readonly<Record<string, string>> | string, name = 'wf'): Graph {
  const texts = typeof files === 'string' ? { [`${name}.dig`]: files } : files
  const configs = Object.fromEntries(Object.keys(texts).map((path) => [path, configOf(path, texts)]))
  return planGraph({ name, config: configs[`${name}.dig`] ?? {} }, configs)
}

function configOf(path: string, texts: Readonly<Record<string, string>>): CalledFiles[string] {
  const file = readCalled(path, (one) => texts[one])
  if (!file.ok) throw new Error(file.message)
  return file.config
}

/** A line for each task: `+b [sh> ls] (background) after +a`, with `?` if it may not run, `!` if it never does, `*` if it repeats what is inside. */
export function sketch({ root, besides }: Graph): readonly string[] {
  const others = besides.flatMap(({ when, level }) => [when.toLowerCase(), ...sketchLevel(level, '  ')])
  return [...sketchLevel({ tasks: [root], links: [] }, ''), ...others]
}

function sketchLevel({ tasks, links }: Level, indent: string): readonly string[] {
  return tasks.flatMap((task, place) => {
    const waits = links.filter(({ to }) => to === place)
    const shown = waits.map(({ from, on }) => `${on === 'error' ? 'failed ' : ''}${tasks[from]?.name}`)
    return [
      `${indent}${sayTask(task)}${shown.length === 0 ? '' : ` after ${shown.join(', ')}`}`,
      ...sketchLevel(task.inside, `${indent}  `),
    ]
  })
}

const SIGNS = { always: '', maybe: '?', never: '!' }

function sayTask({ name, operator, marks, turn, isRepeated, requires }: GraphTask): string {
  const command = operator === null ? '' : ` [${`${operator.type}> ${operator.words}`.trim()}]`
  const more = marks.length === 0 ? '' : ` (${marks.join('; ')})`
  return `${name}${SIGNS[turn]}${isRepeated ? '*' : ''}${command}${more}${requires === null ? '' : ` -> ${requires}`}`
}

export const allTasks = ({ root, besides }: Graph): readonly GraphTask[] => [
  ...below(root),
  ...besides.flatMap(({ level }) => level.tasks.flatMap(below)),
]
const below = (task: GraphTask): readonly GraphTask[] => [task, ...task.inside.tasks.flatMap(below)]
