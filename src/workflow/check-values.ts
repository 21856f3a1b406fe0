import type { Json } from '../brand.ts'
import { type Directive, findDirective, PLACE_WORDS, type Place } from './directives.ts'
import type { LocatedTask } from './list-tasks.ts'
import { type Entry, type Located, type Position, plain } from './located.ts'
import { collectProblems, problemAt, warningAt } from './problem.ts'
import type { Problem } from './workflow.ts'

/**
 * What the table of directives says of the keys that stand where they may: of ours a wrong value declines the push, of Digdag's it is a warning, as
 * Digdag takes it and the task fails. A key that does nothing is never taken in silence. `known` are the problems of which others have told.
 * Those of a schedule are told by `schedule-faults.ts`.
 */
export function checkValues(tasks: readonly LocatedTask[], known: readonly Problem[]): readonly Problem[] {
  const told = new Set(known.map(placeOf))
  return collectProblems(tasks, (task) => checkEntries(task.entries, task.place, told, task.operator?.word))
}

const placeOf = ({ file, line, column }: Position): string => `${file}:${line}:${column}`

function checkEntries(
  entries: ReadonlyMap<string, Entry>,
  place: Place,
  told: ReadonlySet<string>,
  operator?: string,
): readonly Problem[] {
  return [...entries].flatMap(([key, entry]) => {
    const directive = findDirective(key)
    if (directive === undefined || told.has(placeOf(entry.key)) || told.has(placeOf(entry.value.position))) return []
    if (directive.places.includes(place)) return checkValue(directive, entry, place, operator)
    return directive.idleIn.includes(place) ? [idle(directive, entry, PLACE_WORDS[place])] : []
  })
}

function checkValue(directive: Directive, entry: Entry, place: Place, operator?: string): readonly Problem[] {
  const { operators, isComing } = directive
  if (place === 'operator' && operators !== undefined && !operators.includes(operator ?? ''))
    return [idle(directive, entry, `${operator}>`)]
  const coming = isComing ? [warningAt(entry.key, comingSoon(directive))] : []
  return [...misfit(directive, entry, place), ...coming]
}

function idle({ key, operators, places }: Directive, { key: position }: Entry, where: string): Problem {
  const use = operators?.map((one) => `${one}>`) ?? places.map((place) => PLACE_WORDS[place])
  return warningAt(position, {
    message: `${key} does nothing in ${where}, as in Digdag`,
    hint: `It is for ${use.join(', ')}. Remove it here.`,
  })
}

const comingSoon = ({ key }: Directive) => ({
  message: `${key} is checked and kept, and does nothing yet`,
  hint: 'docs/language.md says which directives act.',
})

function misfit(directive: Directive, { value }: Entry, place: Place): readonly Problem[] {
  const { key, shape, example, isOurs } = directive
  const isWhole = shape.isOutline !== true || directive.templates === 'never'
  const isTemplate = isWhole && hasTemplate(value)
  if (isTemplate && isEvaluated(directive, place)) return []
  if (!isTemplate && shape.fits(shape.isOutline === true ? outlineOf(value) : plain(value))) return []
  const message = isTemplate
    ? `${key} is read as it is written, and \${…} in it is not evaluated here`
    : `${key} must be ${shape.words}`
  const wrong = { message, hint: `For example ${key}: ${example}.` }
  return [isOurs ? problemAt(value.position, wrong) : warningAt(value.position, wrong)]
}

function isEvaluated({ templates }: Directive, place: Place): boolean {
  return templates === 'operator' ? place === 'operator' : templates !== 'never'
}

function hasTemplate(node: Located): boolean {
  if (node.kind === 'scalar') return typeof node.value === 'string' && node.value.includes('${')
  if (node.kind === 'list') return node.items.some(hasTemplate)
  return [...node.entries.values()].some(({ value }) => hasTemplate(value))
}

function outlineOf(node: Located): Json {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(outlineOf)
  return Object.fromEntries([...node.entries.keys()].map((key) => [key, null]))
}
