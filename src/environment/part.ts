export type Language = 'python' | 'node' | 'ruby'

/** What one language needs in the image. */
export type Part = {
  readonly language: Language
  /** The signs, for people: `requirements.txt`. */
  readonly found: string
  /** Files that the install needs: paths, folders that end in `/`, or `./` for all. */
  readonly copies: readonly string[]
  /** Shell command, run where the copies are. */
  readonly install: string
  /** Files of ours that the install needs, by their name under templates/dockerfiles. */
  readonly supports: readonly string[]
  readonly notices: readonly string[]
}

/** `a, b and c`. */
export function listed(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ')
}
