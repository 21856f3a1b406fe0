import { quote } from './quote.ts'

/** Digdag's rules of names: each function gives what is wrong, nothing when all is right. */

const TASK_LETTER = /^[\w\-=[\]{}%&@,.^`]$/
const SPECIAL_START = /^[+^@/\\:*?"<>|]/
const MAX_NAME = 255

/** `name` begins with `+`. `^` is for generated tasks; Digdag refuses it only right below the root. */
export function findTaskNameFaults(name: string, isBelowRoot: boolean): readonly string[] {
  const odd = [...name.slice(1)].find((letter) => !TASK_LETTER.test(letter))
  return [
    ...(isBelowRoot && name.includes('^') ? ['must not contain ^ character'] : []),
    ...(odd === undefined ? [] : [`must not contain character '${odd}'`]),
    ...tooLong(name),
  ]
}

/** A workflow's name is its file's without `.dig`, and the name of its root task too. */
export function findWorkflowNameFaults(name: string): readonly string[] {
  return [
    ...(name === '' ? ['must not be blank'] : []),
    ...(/^\d/.test(name) ? ['must not start with a numeric digit (0-9)'] : []),
    ...(SPECIAL_START.test(name) ? ['must not include special symbols (+ ^ @ / \\ / : * ? " < > |)'] : []),
    ...(name.endsWith('.dig') ? ['must not end with .dig'] : []),
    ...tooLong(name),
  ]
}

/** A value of SLUICE_ENVIRONMENT. */
export const isEnvironmentName = (name: string): boolean => /^[a-z][a-z0-9_-]{0,30}$/.test(name)

/** Of what every shell and program can read. */
export const isVariableName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name)

/** What their makers call revisions and retries: anything, but not nothing. Gives the whole sentence. */
export function findLabelFault(noun: string, name: string): string | undefined {
  const [fault] = name.trim() === '' ? ['must not be blank'] : tooLong(name)
  return fault && `${noun} ${fault}: ${JSON.stringify(name)}`
}

function tooLong(name: string): readonly string[] {
  return name.length > MAX_NAME ? [`must not be longer than ${MAX_NAME} characters`] : []
}

/** `task name must not contain character ' ': "+my task"`, for people. */
export function sayNameFault(noun: string, fault: string, name: string): string {
  return `${noun} ${fault}: ${quote(name)}`
}
