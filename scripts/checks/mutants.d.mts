type Mutant = {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly replacement: string
  readonly tests: readonly string[]
}
export const MUTANTS: readonly Mutant[]
export function plant(source: string, mutant: Pick<Mutant, 'text' | 'replacement'>): string | undefined
