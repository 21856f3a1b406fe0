/** What a person asked for and cannot have: safe to show at any door. `message` says what and why, `hint` what to do next. Everything else that is thrown is a bug. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly hint: string

  constructor(code: RefusalCode, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export type RefusalCode =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'too_many'
  | 'unavailable'

/** What the system says of a file or folder that it does not give, without its code and its call. */
export const systemWords = ({ message }: Error): string => /^[A-Z]+: ([^,]+),/.exec(message)?.[1] ?? message
