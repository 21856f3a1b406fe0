/** What may keep a worker from taking new work. */
type Cause = 'engine' | 'disk'

/** Whether a worker takes new work. What runs goes on whatever it says; each cause is told by whoever watches it. */
export type Admission = {
  /** Why it takes none for now, in a sentence that says how it goes on; null: it takes some. */
  readonly problem: string | null
  tell(cause: Cause, problem: string | null): void
  /** `heard` is called after each change of `problem`. */
  onChange(heard: () => void): void
}

export function openAdmission(): Admission {
  const problems = new Map<Cause, string>()
  const ears: (() => void)[] = []
  const first = () => [...problems.values()][0] ?? null
  return {
    get problem() {
      return first()
    },
    tell(cause, problem) {
      const before = first()
      if (problem === null) problems.delete(cause)
      else problems.set(cause, problem)
      if (first() !== before) for (const heard of ears) heard()
    },
    onChange: (heard) => void ears.push(heard),
  }
}
