import { Refusal } from '../refusal.ts'
import { calledPath, inItsFolder, readCalled, WORKSPACE, withEnding } from '../workflow/called-file.ts'
import { readText } from '../workflow/coerce.ts'
import { need, needCommand } from './config-error.ts'
import type { Operator } from './operator.ts'

/** `call>: FILE` runs the whole of another .dig as a subtask. Its folder becomes `_workdir` (as in Digdag). */
export const call: Operator = {
  name: 'call',
  isRepeatable: true,
  retries: true,
  plan: ({ command, params, readProject }) => {
    const hint = 'Write the path of a .dig in the project: call>: parts/load.dig.'
    const name = need(readText('_command', needCommand(command, hint)), hint)
    const folder = typeof params._workdir === 'string' ? params._workdir : ''
    const path = calledPath(folder, name)
    if (path === undefined)
      throw new Refusal(
        'invalid',
        `File name must not be outside of project path (${WORKSPACE}): ${withEnding(name)} (illegal argument)`,
        hint,
      )
    const file = readCalled(path, readProject)
    if (!file.ok) throw new Refusal('invalid', `${file.message} (config)`, file.hint)
    return { kind: 'subtasks', tree: inItsFolder(path, file.config) }
  },
}
