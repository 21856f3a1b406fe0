/** An answer over HTTP. */
export type Answer = { readonly status: number; readonly body: unknown }

/** One attempt: how it was started, and what it left. */
export type RawRun = {
  readonly start?: Answer
  readonly attempt?: Answer
  readonly kill?: Answer
  readonly tasks?: Answer
  readonly files?: Answer
  readonly logs?: Readonly<Record<string, string>>
}

/** All that a server answered about one case. */
export type Raw = {
  readonly project: string
  readonly push: Answer
  readonly workflows?: Answer
  readonly schedules?: Answer
  readonly attempts?: readonly RawRun[]
  readonly others?: readonly RawRun[]
}

/** The form of `expected.json`. */
export function normalise(raw: Raw): unknown
