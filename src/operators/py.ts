import { readFileSync } from 'node:fs'
import type { JsonObject } from '../brand.ts'
import { printJson } from '../json.ts'
import type { Word } from '../spool/executor.ts'
import { readText } from '../workflow/coerce.ts'
import { isJsonObject } from '../workflow/merge.ts'
import { configError, need } from './config-error.ts'
import type { Conclusion, Operator } from './operator.ts'
import { failWith, readOutput, succeed } from './output.ts'
import { ownEnv, workFolder } from './run-env.ts'

const RUNNER = readFileSync(new URL('../../src/operators/runner.py', import.meta.url), 'utf8')

/** `py>: mod.func` or `py>: pkg.mod.Class.method`; with `script:` the text of a whole program instead (as in Digdag). Params come as arguments by name. */
export const py: Operator = {
  name: 'py',
  isRepeatable: false,
  retries: true,
  plan: ({ command, local, params }) => {
    const program = programOf(command, local)
    return {
      kind: 'run',
      argv: [...pythonOf(params), ...program.words, { inRun: 'input.json' }, { inRun: 'output.json' }],
      files: { ...program.files, 'input.json': printJson({ params }) },
      // Unbuffered, or the log would be silent until the task ends.
      env: { PYTHONUNBUFFERED: '1', ...ownEnv(local._env), SLUICE_OUTPUT: { inRun: 'output.json' } },
      cwd: workFolder(params),
      conclude,
    }
  },
}

type Program = { readonly words: readonly Word[]; readonly files: Readonly<Record<string, string>> }

function programOf(command: unknown, local: JsonObject): Program {
  if (typeof command === 'string' && command.trim() !== '')
    return { words: [{ inRun: 'runner.py' }, command.trim()], files: { 'runner.py': RUNNER } }
  const hint = 'Write py>: module.function, or a program below script: |.'
  if (local.script === undefined) throw configError("Parameter '_command' is required but not set", hint)
  return { words: [{ inRun: 'script.py' }], files: { 'script.py': need(readText('script', local.script), hint) } }
}

/** Debian has no `python`, virtual environments have both. */
function pythonOf(params: JsonObject): readonly string[] {
  const python = params.python ?? (isJsonObject(params.py) ? params.py.python : undefined)
  if (python === undefined || python === null) return ['python3']
  const hint = 'Write python: /usr/bin/python3, or a list of words.'
  const words = Array.isArray(python) ? python : [python]
  return words.map((word) => need(readText('python', word), hint))
}

function conclude(code: number, text: string | undefined): Conclusion {
  const output = readOutput(text)
  if (typeof output === 'string') return failWith(`${output} (runtime)`)
  if (code !== 0) return failWith(`Python command failed with code ${code}${reasonOf(output.error)} (runtime)`)
  if (text === undefined)
    return failWith('output.json does not exist. Something unexpected error happened. Please check logs. (runtime)')
  return succeed(output)
}

function reasonOf(error: JsonObject): string {
  if (typeof error.message !== 'string') return ''
  const trace = Array.isArray(error.backtrace) ? error.backtrace.map((line) => `\n\tfrom ${String(line)}`) : []
  return `\nError messages from python: ${error.message} (${String(error.class)})${trace.join('')}`
}
