import { pino } from 'pino'

/** Lines for people go to standard output; what the operator must know of goes to standard error, as JSON. */
export type Reports = {
  readonly say: (line: string) => void
  readonly report: (error: unknown) => void
}

/** A store that is away says so many times a second. */
const REPEAT_MS = 30_000
const REMEMBERED = 1_000

export function openReports(): Reports {
  const logger = pino({ base: null }, pino.destination({ dest: 2, sync: true }))
  const saidAt = new Map<string, number>()
  return {
    say: (line) => console.log(line),
    report: (error) => {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const now = performance.now()
      if (now - (saidAt.get(text) ?? -REPEAT_MS) < REPEAT_MS) return
      if (saidAt.size > REMEMBERED) saidAt.clear()
      saidAt.set(text, now)
      logger.error(error instanceof Error ? error : { err: error }, text)
    },
  }
}
