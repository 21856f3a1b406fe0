import type { JsonObject } from '../brand.ts'
import { type CalledFiles, calledPath, inItsFolder } from '../workflow/called-file.ts'
import { isJsonObject } from '../workflow/merge.ts'
import { asTaskConfig, type PlannedTask, planTree, readOperator } from '../workflow/tree.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { afterOf, describeOperator, isDisabled, isTrue, marksOf, REPEATING } from './describe-task.ts'
import { firstWords } from './first-words.ts'
import { type Beside, EMPTY, type Graph, type GraphTask, type Level, type Turn } from './graph.ts'

/** Every task of a checked workflow, those of bodies and of the files that it calls too, each once. */
export function planGraph({ name, config }: Pick<Workflow, 'name' | 'config'>, called: CalledFiles): Graph {
  const way = { called, room: { left: MOST_UNFOLDED }, workdir: '', files: [`${name}.dig`] }
  const { tasks, links } = growTree(way, { config, fullName: `+${name}`, name: `+${name}`, turn: 'always' })
  const [root, ...others] = tasks
  if (root === undefined) throw new Error(`the tree of ${name} has no root`)
  const among = links.filter(({ from }) => from > 0)
  const failing = { tasks: others, links: among.map(({ from, to, on }) => ({ from: from - 1, to: to - 1, on })) }
  const besides: readonly Beside[] = [
    { when: 'If it fails', level: failing },
    { when: 'If it is late', level: growLate(way, `+${name}`, config) },
  ]
  return { root, besides: besides.filter(({ level }) => level.tasks.length > 0) }
}

/** What `sla:` does; its tasks stand beside what it says of itself. */
function growLate(way: Way, fullName: string, { sla, _export }: JsonObject): Level {
  if (!isJsonObject(sla)) return EMPTY
  const { time, duration, alert: _, fail: __, ...config } = sla
  const workdir = isJsonObject(_export) && typeof _export._workdir === 'string' ? _export._workdir : way.workdir
  const grown = growTree({ ...way, workdir }, { config, fullName: `${fullName}^sla`, name: 'sla', turn: 'maybe' })
  const marks = [
    ...(time === undefined ? [] : [`at ${firstWords(time)}`]),
    ...(duration === undefined ? [] : [`after ${firstWords(duration)}`]),
    ...(isTrue('fail', sla) ? ['fails the attempt'] : []),
  ]
  const [late, ...others] = grown.tasks
  return late === undefined ? EMPTY : { ...grown, tasks: [{ ...late, marks: [...marks, ...late.marks] }, ...others] }
}

/** Files that call each other in fans would grow without end: from here on calls stay folded. */
const MOST_UNFOLDED = 5000

/** What holds on the way down to a task. */
type Way = {
  readonly called: CalledFiles
  readonly room: { left: number }
  readonly workdir: string
  /** The files whose calls lead here. */
  readonly files: readonly string[]
}

/** What a tree grows from: a file, or a body. */
type Seed = { readonly config: JsonObject; readonly fullName: string; readonly name: string; readonly turn: Turn }

/** A level whose first task is the one that was asked for. It has succeeded when the task at `end` has. */
type Grown = Level & { readonly end: number }

const NOTHING: Grown = { ...EMPTY, end: 0 }

function growTree(way: Way, { config, fullName, name, turn }: Seed): Grown {
  const tree = planTree(config, fullName)
  if (!tree.ok) return alone(broken(fullName, name, tree.message))
  way.room.left -= tree.tasks.length
  return growTask(openTree(tree.tasks), way, { place: 0, name, raw: config, turn })
}

const alone = (task: GraphTask): Grown => ({ tasks: [task], links: [], end: 0 })

/** A body that fails its task when its turn comes: only then is it read. */
const broken = (fullName: string, name: string, message: string): GraphTask => ({
  ...{ fullName, name, operator: null, marks: [`broken: ${message}`], after: [], turn: 'never' },
  ...{ isRepeated: false, requires: null, inside: EMPTY },
})

type Tree = { readonly tasks: readonly PlannedTask[]; readonly children: ReadonlyMap<number, readonly number[]> }

function openTree(tasks: readonly PlannedTask[]): Tree {
  const children = new Map<number, number[]>(tasks.map((_, place) => [place, []]))
  for (const [place, { parent }] of tasks.entries()) if (parent !== null) children.get(parent)?.push(place)
  return { tasks, children }
}

/** `raw` is the task as it is written, disabled or not. */
type Twig = { readonly place: number; readonly name: string; readonly raw: JsonObject; readonly turn: Turn }

/** The task, its `_check`, which those after it wait for, and its `_error`. */
function growTask(tree: Tree, above: Way, { place, name, raw, turn }: Twig): Grown {
  const planned = getTask(tree, place)
  const way = { ...above, workdir: workdirOf(planned, above.workdir) }
  const check = planned.kind === 'operator' ? growBody(way, planned, '_check', 'always') : NOTHING
  const error = growBody(way, planned, '_error', 'maybe')
  const inside = planned.kind === 'group' ? growChildren(tree, way, place, raw) : growSubtasks(way, planned)
  const task = describeTask(planned, { name, raw, turn, way, inside })
  const { level, starts } = beside([alone(task), check, error])
  const [, checkAt = 0, errorAt = 0] = starts
  const links = [
    ...(check === NOTHING ? [] : [{ from: 0, to: checkAt, on: 'success' as const }]),
    ...(error === NOTHING ? [] : [{ from: 0, to: errorAt, on: 'error' as const }]),
  ]
  return { tasks: level.tasks, links: [...links, ...level.links], end: check === NOTHING ? 0 : checkAt + check.end }
}

function getTask({ tasks }: Tree, place: number): PlannedTask {
  const planned = tasks[place]
  if (planned === undefined) throw new Error(`the tree has no task at ${place}`)
  return planned
}

function describeTask(
  planned: PlannedTask,
  { name, raw, turn, way, inside }: Omit<Twig, 'place'> & { readonly way: Way; readonly inside: Level },
): GraphTask {
  const operator = describeOperator(raw)
  const isOff = isDisabled(raw)
  return {
    ...{ fullName: planned.fullName, name, operator, inside },
    marks: [...marksOf(planned, raw), ...(isOff ? [] : callMarks(way, planned, inside))],
    after: afterOf(raw),
    turn: isOff ? 'never' : turn,
    isRepeated: !isOff && REPEATING.has(operator?.type ?? ''),
    requires: isOff ? null : requiredBy(planned),
  }
}

/** Levels beside each other in one, and where each of them starts. */
function beside(levels: readonly Level[]): { readonly level: Level; readonly starts: readonly number[] } {
  const tasks: GraphTask[] = []
  const links: Level['links'][number][] = []
  const starts = levels.map((level) => {
    const start = tasks.length
    for (const { from, to, on } of level.links) links.push({ from: from + start, to: to + start, on })
    for (const task of level.tasks) tasks.push(task)
    return start
  })
  return { level: { tasks, links }, starts }
}

function growChildren(tree: Tree, way: Way, place: number, raw: JsonObject): Level {
  const { fullName } = getTask(tree, place)
  const places = tree.children.get(place) ?? []
  const grown = places.map((child) => {
    const name = getTask(tree, child).fullName.slice(fullName.length)
    return growTask(tree, way, { place: child, name, raw: asTaskConfig(raw[name] ?? null) ?? {}, turn: 'always' })
  })
  const { level, starts } = beside(grown)
  const ends = new Map(places.map((child, at) => [child, (starts[at] ?? 0) + (grown[at]?.end ?? 0)]))
  const links = places.flatMap((child, at) =>
    [...new Set(getTask(tree, child).upstreams)].map((upstream) => ({
      from: ends.get(upstream) ?? 0,
      to: starts[at] ?? 0,
      on: 'success' as const,
    })),
  )
  return { tasks: level.tasks, links: [...level.links, ...links] }
}

type Body = '_do' | '_else_do' | '_check' | '_error'

function growBody(way: Way, { config, fullName }: PlannedTask, key: Body, turn: Turn): Grown {
  const body = config[key]
  return isJsonObject(body)
    ? growTree(way, { config: body, fullName: `${fullName}^${key.slice(1)}`, name: key, turn })
    : NOTHING
}

/** What an operator generates, as far as that is known before it runs. */
function growSubtasks(way: Way, planned: PlannedTask): Level {
  const { type } = readOperator(planned.config) ?? {}
  if (type === 'call') return bare(growCalled(way, planned))
  if (type !== 'if') return bare(growBody(way, planned, '_do', 'always'))
  const branches = (['_do', '_else_do'] as const).map((key) => growBody(way, planned, key, 'maybe'))
  return beside(branches).level
}

/** A group that has nothing but tasks says no more than they do. */
function bare(grown: Grown): Level {
  const [group, ...others] = grown.tasks
  const isPlain = group?.operator === null && group.marks.length === 0 && others.length === 0
  return isPlain ? group.inside : { tasks: grown.tasks, links: grown.links }
}

function growCalled(way: Way, planned: PlannedTask): Grown {
  const path = pathOfCall(way, planned)
  const config = path !== undefined && Object.hasOwn(way.called, path) ? way.called[path] : undefined
  if (path === undefined || config === undefined || whyFolded(way, path) !== null) return NOTHING
  const inner = { ...way, files: [...way.files, path] }
  const name = path.replace(/^.*\//, '')
  return growTree(inner, {
    config: inItsFolder(path, config),
    fullName: `${planned.fullName}^sub`,
    name,
    turn: 'always',
  })
}

function pathOfCall({ workdir }: Way, { config }: PlannedTask): string | undefined {
  const operator = readOperator(config)
  const folder = typeof config._workdir === 'string' ? config._workdir : workdir
  return operator?.type === 'call' && typeof operator.command === 'string'
    ? calledPath(folder, operator.command)
    : undefined
}

function callMarks(way: Way, planned: PlannedTask, inside: Level): readonly string[] {
  const path = inside.tasks.length > 0 ? undefined : pathOfCall(way, planned)
  const why = path === undefined ? null : whyFolded(way, path)
  return why === null ? [] : [why]
}

function whyFolded({ files, room }: Way, path: string): string | null {
  if (files.includes(path)) return 'comes back to itself'
  return room.left <= 0 ? 'too much to unfold' : null
}

/** Known when it is of this project and its name needs no evaluation. */
function requiredBy({ config }: PlannedTask): string | null {
  const operator = readOperator(config)
  const isElsewhere = Object.hasOwn(config, 'project_name') || Object.hasOwn(config, 'project_id')
  if (operator?.type !== 'require' || isElsewhere || typeof operator.command !== 'string') return null
  return operator.command.includes('${') ? null : operator.command
}

function workdirOf({ exports }: PlannedTask, above: string): string {
  return typeof exports._workdir === 'string' ? exports._workdir : above
}
