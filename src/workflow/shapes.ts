import type { Json } from '../brand.ts'
import { readBoolean, readInteger } from './coerce.ts'
import { readDuration } from './duration.ts'
import { insidePath } from './inside-path.ts'
import { isJsonObject } from './merge.ts'
import { isVariableName } from './names.ts'
import { parseParallel } from './parallel.ts'
import { readEnvironments } from './schedule-policy.ts'

/** What the value of a directive looks like. One that holds a template which is evaluated is not looked at. */
export type Shape = {
  /** It completes "must be". */
  readonly words: string
  readonly fits: (value: Json) => boolean
  /** Only its keys are looked at: what is below them is checked where it stands, or not before it runs. */
  readonly isOutline?: boolean
}

const isText = (value: Json | undefined): boolean => typeof value === 'string' && value !== ''
const isWhole = (value: Json | undefined, from: number): boolean => {
  const number = readInteger('', value)
  return number.ok && number.value >= from
}

export const ANYTHING: Shape = { words: 'a value', fits: () => true }

export const TEXT: Shape = { words: 'a text', fits: isText }

export const PATH: Shape = {
  words: 'the path of a folder of the project',
  fits: (value) => typeof value === 'string' && insidePath(value) !== undefined,
}

export const ZONE: Shape = {
  words: 'a zone',
  fits: (value) => value === null || typeof value === 'string',
}

export const MAPPING: Shape = {
  words: 'a mapping of names to values',
  fits: (value) => value === null || isJsonObject(value),
  isOutline: true,
}

export const VARIABLES: Shape = {
  words: 'a mapping of variables (letters, digits and _, not a digit first) to texts',
  fits: (value) => isJsonObject(value) && Object.keys(value).every(isVariableName),
  isOutline: true,
}

export const TASK: Shape = {
  words: 'a task: an operator, or +tasks',
  fits: (value) => isJsonObject(value) || (Array.isArray(value) && value.every(isJsonObject)),
  isOutline: true,
}

export const YES_OR_NO: Shape = {
  words: 'true or false',
  fits: (value) => value === null || readBoolean('', value).ok,
}

export const NAMES: Shape = {
  words: 'a list of names',
  fits: (value) => value === null || Array.isArray(value),
}

export const DURATION: Shape = {
  words: 'a duration, of days, hours, minutes, seconds in this order',
  fits: (value) => readDuration(value) !== undefined,
}

export const ENVIRONMENTS: Shape = {
  words: 'a name, or a list of names',
  fits: (value) => readEnvironments(value) !== undefined,
}

export const DAY: Shape = { words: 'a day', fits: isText }

export const PARALLEL: Shape = {
  words: 'true, false or a limit',
  fits: (value) => parseParallel(value).ok,
}

export const RETRY: Shape = {
  words:
    'how often, or a mapping with limit, interval (seconds), interval_type (constant or exponential), max_interval, on',
  fits: (value) => typeof value !== 'boolean' && isWhole(isJsonObject(value) ? value.limit : value, 0),
}

export const CONCURRENCY: Shape = {
  words: 'a mapping with key (a text) and limit (1 or more)',
  fits: mappingOf({ key: isText, limit: (value) => isWhole(value, 1) }),
}

export const RESOURCES: Shape = {
  words: 'a mapping with memory (512m, 2g) and cpus',
  fits: (value) =>
    mappingOf({
      memory: (memory) => memory === undefined || (typeof memory === 'string' && /^[1-9]\d*[kmg]$/i.test(memory)),
      cpus: (cpus) => cpus === undefined || (isText(String(cpus)) && Number(cpus) > 0),
    })(value) && Object.keys(value ?? {}).length > 0,
}

export function oneOf(...words: readonly string[]): Shape {
  return { words: `one of ${words.join(', ')}`, fits: (value) => words.includes(String(value)) }
}

/** All of these keys and no others; `fits` is asked of a missing one, too. */
function mappingOf(keys: Readonly<Record<string, (value: Json | undefined) => boolean>>): (value: Json) => boolean {
  return (value) =>
    isJsonObject(value) &&
    Object.keys(value).every((key) => Object.hasOwn(keys, key)) &&
    Object.entries(keys).every(([key, fits]) => fits(value[key]))
}
