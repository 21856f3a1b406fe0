import { countLevel, EMPTY, type Graph, type GraphTask, type Level, type Link } from './graph.ts'

/** More is a wall, no picture; and laying it out takes time. */
export const MOST_TASKS = 200
/** Of tasks beside each other the first and the last are shown. */
export const MOST_SIBLINGS = 40

/** What can be drawn of a graph: the outermost tasks first. What is folded says how much is in it. */
export function foldGraph({ root, besides }: Graph): Graph {
  const open = chooseOpen([root.inside, ...besides.map(({ level }) => level)])
  return {
    root: { ...root, inside: foldLevel(root.inside, open) },
    besides: besides.map(({ when, level }) => ({ when, level: foldLevel(level, open) })),
  }
}

/** Level by level from the outside, as long as there is room. */
function chooseOpen(outermost: readonly Level[]): ReadonlySet<Level> {
  const open = new Set<Level>()
  const queue = [...outermost]
  let room = MOST_TASKS
  for (const level of queue) {
    const cost = Math.min(level.tasks.length, MOST_SIBLINGS)
    if (cost === 0 || cost > room) continue
    room -= cost
    open.add(level)
    for (const { inside } of visible(level)) queue.push(inside)
  }
  return open
}

const isCut = ({ tasks }: Level) => tasks.length > MOST_SIBLINGS
const HEAD = MOST_SIBLINGS / 2
const TAIL = MOST_SIBLINGS / 2 - 1

const visible = (level: Level): readonly GraphTask[] =>
  isCut(level) ? [...level.tasks.slice(0, HEAD), ...level.tasks.slice(-TAIL)] : level.tasks

function foldLevel(level: Level, open: ReadonlySet<Level>): Level {
  const shown = isCut(level) ? cutMiddle(level) : level
  return { links: shown.links, tasks: shown.tasks.map((task) => foldTask(task, open)) }
}

function foldTask(task: GraphTask, open: ReadonlySet<Level>): GraphTask {
  const { inside } = task
  if (inside.tasks.length === 0) return task
  if (open.has(inside)) return { ...task, inside: foldLevel(inside, open) }
  return { ...task, inside: EMPTY, marks: [...task.marks, `${sayCount(countLevel(inside))} inside`] }
}

/** One task stands for all in the middle: links only lead forward, so none comes to lead back. */
function cutMiddle({ tasks, links }: Level): Level {
  const from = tasks.length - TAIL
  const placeOf = (place: number) => (place < HEAD ? place : place < from ? HEAD : place - from + HEAD + 1)
  const moved = new Map<string, Link>()
  for (const { from, to, on } of links) {
    const link = { from: placeOf(from), to: placeOf(to), on }
    const way = `${link.from} ${link.to}`
    if (link.from !== link.to && (on === 'success' || !moved.has(way))) moved.set(way, link)
  }
  return {
    tasks: [...tasks.slice(0, HEAD), middleOf(tasks.slice(HEAD, from)), ...tasks.slice(from)],
    links: [...moved.values()],
  }
}

function middleOf(tasks: readonly GraphTask[]): GraphTask {
  const [first, last] = [tasks.at(0)?.name, tasks.at(-1)?.name]
  return {
    ...{ fullName: `${tasks.at(0)?.fullName}…`, name: '…', operator: null, after: [], turn: 'always', inside: EMPTY },
    ...{
      isRepeated: false,
      requires: null,
      marks: [`${sayCount(countLevel({ tasks, links: [] }))} more`, `${first} to ${last}`],
    },
  }
}

const sayCount = (tasks: number) => `${tasks.toLocaleString('en')} ${tasks === 1 ? 'task' : 'tasks'}`
