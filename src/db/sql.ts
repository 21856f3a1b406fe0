import postgres from 'postgres'

/** A pool: what a verb opens its transaction on. */
export type Database = postgres.Sql

/** A pool or a transaction: the statements of this room do not care. */
export type Sql = Database | postgres.TransactionSql

/** PostgreSQL's texts hold any character but NUL, and half a surrogate pair is none: both become U+FFFD, or one byte of a task's would stop its attempt for ever. */
const text = {
  to: 25,
  from: [25],
  serialize: (value: unknown) => String(value).replaceAll('\0', '\ufffd'),
  parse: (raw: string) => raw,
}

/** JSON for a column of type json; as in `text`, what it cannot hold becomes U+FFFD. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(/\\(?:u0000|ud[89a-f][\da-f]{2}|.)/g, (written) =>
    /^\\u(0000|d)/.test(written) ? '\\ufffd' : written,
  )
}

const json = { to: 114, from: [114, 3802], serialize: jsonText, parse: (raw: string): unknown => JSON.parse(raw) }

/** Ids (bigint) arrive as strings, JSON parsed, times as `Date`. `max` connections are opened as they are needed. */
export function openDatabase(url: string, { max, schema }: { max: number; schema?: string }): Database {
  return postgres(url, {
    max,
    onnotice: () => {},
    types: { string: text, json },
    connection: { application_name: 'sluice', ...(schema === undefined ? {} : { search_path: schema }) },
  })
}

const AWAY = new Set([
  ...['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'],
  ...['57P01', '57P02', '57P03', '08000', '08003', '08006', '53300'], // shut down, crashed, starting up, connection lost, too many
])

const NO_TEXT = new Set(['22021', '22P05']) // a NUL, or its escape in JSON

/** PostgreSQL stores no text with the character NUL: whoever sent it asked for something that cannot be. */
export const isTextRefused = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && NO_TEXT.has(error.code)

/** PostgreSQL cannot be reached, or went away in the middle: what was asked may or may not have been done. */
export function isDatabaseAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && AWAY.has(error.code)
}
