import { InvalidArgumentError } from 'commander'

/** An id of ours as it was typed. Other words are names of nothing, and in an address they would be another address. */
export function idOf(word: string): string {
  if (/^\d{1,18}$/.test(word)) return word
  throw new InvalidArgumentError('It must be a number.')
}
