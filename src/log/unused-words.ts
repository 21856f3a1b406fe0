import { findDirective } from '../workflow/directives.ts'
import { allNear } from '../workflow/nearest.ts'

/** Read of every task, whatever its operator. */
const READ = ['_command', '_env', '_secrets']
/** Read before a task begins. */
const BEFORE: ReadonlySet<string> = new Set(['_type', '_after', '_background'])

/** What a log says of options that an operator did not read, in Digdag's form. `options` are those that it knows. */
export function unusedWords(keys: readonly string[], options: readonly string[], fullName: string): readonly string[] {
  const read = [...READ, ...options]
  const unused = keys.filter((key) => !read.includes(key) && !BEFORE.has(key) && !key.endsWith('>') && !isOurs(key))
  return unused.flatMap((key) => {
    const near = allNear(key, read)
    const hint = near.length === 0 ? [] : [`  > Did you mean [${near.join(', ')}]?`]
    return [`Parameter '${key}' is not used at task ${fullName}.`, ...hint]
  })
}

const isOurs = (key: string) => findDirective(key)?.isOurs === true
