/** Digdag's rules of names. Each gives what is wrong, undefined when nothing is. */

const TASK_LETTER = /^[\w\-=[\]{}%&@,.^`]$/
const SPECIAL_START = /^[+^@/\\:*?"<>|]/
const MAX_NAME = 255

/** `name` begins with `+`. `^` is for generated tasks; Digdag refuses it only right below the root. */
export function findTaskNameFault(name: string, isBelowRoot: boolean): string | undefined {
  if (name.length > MAX_NAME)
    return `task name must not be longer than ${MAX_NAME} characters: ${quote(name.slice(0, 60))}…`
  if (isBelowRoot && name.includes('^')) return `task name must not contain ^ character: ${quote(name)}`
  const odd = [...name.slice(1)].find((letter) => !TASK_LETTER.test(letter))
  return odd === undefined ? undefined : `task name must not contain character '${odd}': ${quote(name)}`
}

/** A workflow's name is its file's without `.dig`, and the name of its root task too. */
export function findWorkflowNameFault(name: string): string | undefined {
  if (name.trim() === '') return 'a workflow needs a name before .dig'
  if (/^\d/.test(name)) return `name must not start with a numeric digit (0-9): ${quote(name)}`
  if (SPECIAL_START.test(name))
    return `name must not include special symbols (+ ^ @ / \\ / : * ? " < > |): ${quote(name)}`
  if (name.endsWith('.dig')) return `name must not end with .dig: ${quote(name)}`
  return findTaskNameFault(`+${name}`, false)?.replace(/^task /, '')
}

function quote(name: string): string {
  return JSON.stringify(name)
}
