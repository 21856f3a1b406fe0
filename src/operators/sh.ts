import type { JsonObject } from '../brand.ts'
import { readList, readText } from '../workflow/coerce.ts'
import { isJsonObject } from '../workflow/merge.ts'
import { configError, need, needCommand } from './config-error.ts'
import type { Conclusion, Operator } from './operator.ts'
import { failWith, readOutput, succeed } from './output.ts'
import { ownEnv, paramsAsEnv, withoutSecrets, workFolder } from './run-env.ts'

/**
 * `sh>: COMMAND` runs COMMAND as a file with `shell:` (default `[/bin/sh]`) in the workspace. Exit code 0 is success. Params are its environment;
 * a JSON object that it writes to `$SLUICE_OUTPUT` is stored: `{"store": {"rows": 3}}`.
 */
export const sh: Operator = {
  name: 'sh',
  isRepeatable: false,
  retries: true,
  plan: ({ command, local, params }) => {
    const hint = 'Write a command, or several lines after sh>: |.'
    const text = need(readText('_command', needCommand(command, hint)), hint)
    return {
      kind: 'run',
      argv: [...shellOf(params), { inRun: 'runner.sh' }],
      files: { 'runner.sh': withoutSecrets(text) },
      env: { ...paramsAsEnv(params), ...ownEnv(local._env), SLUICE_OUTPUT: { inRun: 'output.json' } },
      cwd: workFolder(params),
      conclude,
    }
  },
}

function shellOf(params: JsonObject): readonly string[] {
  const shared = isJsonObject(params.sh) ? params.sh.shell : undefined
  const shell = params.shell ?? shared
  if (shell === undefined || shell === null) return ['/bin/sh']
  const hint = 'Write it as shell: [/bin/bash, -e].'
  const words = need(readList('shell', shell), hint)
  if (words.length === 0) throw configError('shell: is an empty list', hint)
  return words.map((word) => need(readText('shell', word), hint))
}

function conclude(code: number, text: string | undefined): Conclusion {
  if (code !== 0) return failWith(`Command failed with code ${code} (runtime)`)
  const output = readOutput(text)
  return typeof output === 'string' ? failWith(`${output} (runtime)`) : succeed(output)
}
