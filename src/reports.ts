import { type DestinationStream, pino } from 'pino'

/** `say`: what goes on, in a line. `report`: what the operator must know of, with its cause. */
export type Reports = {
  readonly say: (line: string) => void
  /** `id` is what the person saw whom it hit. */
  readonly report: (error: unknown, id?: string) => void
}

/** A store that is away says so many times a second. */
const REPEAT_MS = 30_000
const REMEMBERED = 1_000

/** As text lines go to standard output and reports to standard error, which are JSON all the same; as JSON both go to standard output. `auto` is text on a terminal. */
export function openReports(format: 'auto' | 'text' | 'json', written?: DestinationStream): Reports {
  const isText = format === 'text' || (format === 'auto' && process.stdout.isTTY)
  const logger = openLogger(written ?? pino.destination({ dest: isText ? 2 : 1, sync: true }))
  const saidAt = new Map<string, number>()
  return {
    say: isText ? (line) => console.log(line) : (line) => logger.info(line),
    report: (error, id) => {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const now = performance.now()
      const isKnown = now - (saidAt.get(text) ?? -REPEAT_MS) < REPEAT_MS
      if (isKnown && id !== undefined) logger.error({ id }, text)
      if (isKnown) return
      if (saidAt.size > REMEMBERED) saidAt.clear()
      saidAt.set(text, now)
      logger.error({ id, err: error }, text)
    },
  }
}

function openLogger(written: DestinationStream) {
  const formatters = { level: (level: string) => ({ level }) }
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }
  return pino(options, written)
}
