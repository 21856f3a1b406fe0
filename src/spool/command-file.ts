import { Refusal } from '../refusal.ts'
import type { Command, Word } from './executor.ts'

/** Where the command sees its folders. */
export type Inside = { readonly workspace: string; readonly run: string }

/** The file that the agent sources: exports, the folder, and `launch` (agent.sh), which never returns. */
export function commandFile(command: Command, inside: Inside): string {
  const spell = (word: Word) => quote(typeof word === 'string' ? word : `${inside.run}/${word.inRun}`)
  const exports = Object.entries(command.env).map(([name, value]) => `export ${variable(name)}=${spell(value)}`)
  return [
    ...exports,
    `cd ${quote(`${inside.workspace}/${command.cwd}`)} || exit 126`,
    `launch ${command.argv.map(spell).join(' ')}`,
    '',
  ].join('\n')
}

function quote(text: string): string {
  if (text.includes('\0')) {
    throw new Refusal(
      'invalid',
      'A command or a variable holds a NUL byte, which no process can be given.',
      'Take it out.',
    )
  }
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function variable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name
  throw new Refusal(
    'invalid',
    `"${name}" cannot be the name of an environment variable.`,
    'Use letters, digits and underscores, and no digit in front.',
  )
}
