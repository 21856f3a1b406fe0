import type { Json } from '../brand.ts'
import { printJson } from '../json.ts'
import { showControls } from '../workflow/show-controls.ts'

const MOST_LETTERS = 60

/** The beginning of a command, on one line: of `sh>` its first line, of `for_each>` its values. */
export function firstWords(command: Json | undefined): string {
  if (command === undefined || command === null) return ''
  if (typeof command !== 'string') return oneLine(printJson(command), false)
  const [first = '', ...others] = command.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return oneLine(first, others.length > 0)
}

function oneLine(text: string, goesOn: boolean): string {
  const letters = [
    ...text
      .slice(0, MOST_LETTERS * 8)
      .trim()
      .replace(/\s+/g, ' '),
  ]
  const isCut = letters.length > MOST_LETTERS
  const shown = showControls(letters.slice(0, isCut ? MOST_LETTERS - 1 : MOST_LETTERS).join(''))
  return isCut ? `${shown.trimEnd()}…` : goesOn ? `${shown} …` : shown
}
