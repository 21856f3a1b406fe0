/** Why a task failed. What went wrong, not what a `fail>` says, has a trace of where. */
type Failure = { readonly message: string; readonly stacktrace?: string }

/** What a log says last about a task that failed, in Digdag's forms. */
export function lastWords(fullName: string, { message, stacktrace }: Failure, isRetried: boolean): string {
  if (isRetried) return `Task failed, retrying\n> ${message}`
  if (stacktrace === undefined) return `Task ${fullName} failed.\n${message || NO_WORDS}`
  if (message.endsWith(' (config)')) return `Configuration error at task ${fullName}: ${message}`
  return `Task failed with unexpected error: ${message.replace(KIND, '')}`
}

/** Of a `fail>` without a text. */
const NO_WORDS = 'TaskExecutionException'
/** Digdag's clients find it at the end of an error's message, not in its log. */
const KIND = / \([a-z][a-z ]*\)$/
