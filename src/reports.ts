import { type DestinationStream, pino } from 'pino'
import { isDatabaseFull } from './db/sql.ts'
import { Refusal } from './refusal.ts'

/** `say`: what goes on, in a line. `report`: what the operator must know of, with its cause. */
export type Reports = {
  readonly say: (line: string) => void
  /** `id` is what the person saw whom it hit. */
  readonly report: (error: unknown, id?: string) => void
}

/** A store that is away says so many times a second. */
const REPEAT_MS = 30_000
const REMEMBERED = 1_000

/** Each statement that fails for it has words of its own, and none of them says what follows from it. */
const NO_ROOM = new Refusal(
  'unavailable',
  'PostgreSQL has no room to write on its disk, so nothing new is taken in; what runs goes on and its logs wait.',
  'Make room there; all goes on by itself.',
)

/** A refusal is a sentence for people, and no bug to be traced. */
function textOf(error: unknown): string {
  if (error instanceof Refusal) return `${error.message} ${error.hint}`
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** As text lines go to standard output and reports to standard error, which are JSON all the same; as JSON both go to standard output. `auto` is text on a terminal. */
export function openReports(format: 'auto' | 'text' | 'json', written?: DestinationStream): Reports {
  const isText = format === 'text' || (format === 'auto' && process.stdout.isTTY)
  const logger = openLogger(written ?? pino.destination({ dest: isText ? 2 : 1, sync: true }))
  const saidAt = new Map<string, number>()
  return {
    say: isText ? (line) => console.log(line) : (line) => logger.info(line),
    report: (given, id) => {
      const error = isDatabaseFull(given) ? NO_ROOM : given
      const text = textOf(error)
      const now = performance.now()
      const isKnown = now - (saidAt.get(text) ?? -REPEAT_MS) < REPEAT_MS
      if (isKnown && id !== undefined) logger.error({ id }, text)
      if (isKnown) return
      if (saidAt.size > REMEMBERED) saidAt.clear()
      saidAt.set(text, now)
      logger.error(error instanceof Refusal ? { id } : { id, err: error }, text)
    },
  }
}

function openLogger(written: DestinationStream) {
  const formatters = { level: (level: string) => ({ level }) }
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }
  return pino(options, written)
}
