import { CommanderError } from 'commander'
import { Refusal } from '../refusal.ts'
import { createProgram } from './program.ts'
import { Failed, type Tools } from './tools.ts'

/** Runs one command line (without `node` and the script). The one place where errors become exit codes: 0 ok, 1 failed, 2 usage, 4 sign-in. */
export async function main(argv: readonly string[], tools: Tools): Promise<number> {
  try {
    await createProgram(tools).parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof Failed) return 1
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof Refusal)) throw error
    tools.note(`sluice: ${error.message}\n  ${error.hint}`)
    return error.code === 'unauthorized' ? 4 : 1
  }
}
