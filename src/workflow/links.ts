import type { Json, JsonObject } from '../brand.ts'
import { readBoolean, sayWrongType } from './coerce.ts'
import { type Fault, faultOfTree } from './fault.ts'
import { didYouMean } from './nearest.ts'
import { ENOUGH_PROBLEMS } from './problem.ts'

/** A task of a group, by its place in the list of tasks. */
export type Child = {
  readonly key: string
  readonly config: JsonObject
  readonly path: readonly string[]
  readonly place: number
}

/** Whom each child waits for. */
export type Links = ReadonlyMap<number, readonly number[]>

/** `limit` as `parseParallel` gives it. What is wrong is added to `faults`. */
export function linkChildren(children: readonly Child[], limit: number | null, faults: Fault[]): Links {
  return limit === null ? linkSequence(children, faults) : linkParallel(children, limit, faults)
}

/** Each task waits for the one before. A background task waits for nothing, and the next one in the foreground waits for it too. */
function linkSequence(children: readonly Child[], faults: Fault[]): Links {
  const links = new Map<number, readonly number[]>()
  let before: number[] = []
  for (const child of children) {
    if (Object.hasOwn(child.config, '_after')) faults.push(faultOfTree([...child.path, '_after'], ...AFTER_IN_SEQUENCE))
    if (isBackground(child, faults)) {
      before.push(child.place)
      links.set(child.place, [])
      continue
    }
    links.set(child.place, before)
    before = [child.place]
  }
  return links
}

const AFTER_IN_SEQUENCE: [string, string] = [
  `Setting "_after" option is invalid if its parent task doesn't have "_parallel: true" option`,
  'Remove _after, or give the parent _parallel: true.',
]
const BACKGROUND_IN_PARALLEL: [string, string] = [
  'Setting "_background: true" option is invalid (unnecessary) if its parent task has "_parallel: true" option',
  'Remove _background: the tasks run beside each other already.',
]

function isBackground({ config, path }: Child, faults: Fault[]): boolean {
  const background = readBoolean('_background', config._background ?? false)
  if (background.ok) return background.value
  faults.push(faultOfTree([...path, '_background'], background.message, 'Write true or false.'))
  return false
}

/** A limit cuts the tasks into chunks; all of a chunk wait for all of the chunk before. */
function linkParallel(children: readonly Child[], limit: number, faults: Fault[]): Links {
  const links = new Map<number, readonly number[]>()
  const earlier = new Map<Json, Child>()
  for (const [index, child] of children.entries()) {
    if (isBackground(child, faults)) faults.push(faultOfTree([...child.path, '_background'], ...BACKGROUND_IN_PARALLEL))
    const chunk = limit === 0 ? 0 : Math.floor(index / limit)
    const chunkBefore = chunk === 0 ? [] : children.slice((chunk - 1) * limit, chunk * limit)
    const needed = [...findAfter(child, earlier, faults), ...chunkBefore]
    links.set(child.place, placesOf(needed))
    earlier.set(child.key, child)
  }
  return links
}

const placesOf = (children: readonly Child[]): readonly number[] => children.map(({ place }) => place)

function findAfter({ config, path }: Child, earlier: ReadonlyMap<Json, Child>, faults: Fault[]): readonly Child[] {
  const names = config._after ?? []
  const at = [...path, '_after']
  if (!Array.isArray(names) || names.some((name) => typeof name === 'object' && name !== null)) {
    const message = sayWrongType('_after', names, 'array type')
    faults.push(faultOfTree(at, message, 'Write a list: _after: [+first, +second].'))
    return []
  }
  return names.flatMap((name: Json) => {
    const found = earlier.get(name)
    if (found === undefined && faults.length < ENOUGH_PROBLEMS)
      faults.push(faultOfTree(at, ...noSuchTask(String(name), [...earlier.values()])))
    return found ?? []
  })
}

const MOST_NAMES = 10

function noSuchTask(name: string, earlier: readonly Child[]): [string, string] {
  const known = earlier.map(({ key }) => key)
  const shown = known.slice(0, MOST_NAMES).join(', ')
  const others = known.length > MOST_NAMES ? ` and ${known.length - MOST_NAMES} more` : ''
  const otherwise =
    known.length === 0 ? 'No task is listed before this one.' : `Listed before this one: ${shown}${others}.`
  return [`Dependency task '${name}' does not exist`, didYouMean(name, known, otherwise)]
}
