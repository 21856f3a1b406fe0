import { readDuration } from '../workflow/duration.ts'
import { configError, needCommand } from './config-error.ts'
import type { Operator } from './operator.ts'
import { failWith, NO_OUTPUT, succeed } from './output.ts'

/** `wait>: 1h 30m` lets time pass. It keeps a slot of the worker meanwhile. */
export const wait: Operator = {
  name: 'wait',
  isRepeatable: true,
  retries: false,
  plan: ({ command }) => {
    const hint = 'Write days, hours, minutes and seconds in this order: wait>: 1h 30m.'
    const seconds = readDuration(needCommand(command, hint))
    if (seconds === undefined) throw configError('Invalid configuration', hint)
    return {
      kind: 'run',
      argv: ['/bin/sh', { inRun: 'wait.sh' }],
      files: {
        'wait.sh': `start=$(date -u +%Y-%m-%dT%H:%M:%SZ)\nsleep ${seconds}\necho "wait finished. start:$start"\n`,
      },
      env: {},
      cwd: '.',
      conclude: (code) => (code === 0 ? succeed(NO_OUTPUT) : failWith(`Command failed with code ${code} (runtime)`)),
    }
  },
}
