import postgres from 'postgres'
import { parseJson, printJson } from '../json.ts'

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
  return printJson(value).replace(/\\(?:u0000|ud[89a-f][\da-f]{2}|.)/g, (written) =>
    /^\\u(0000|d)/.test(written) ? '\\ufffd' : written,
  )
}

const json = { to: 114, from: [114, 3802], serialize: jsonText, parse: parseJson }

/** Seconds before a lost connection is opened again. The package's own limit is 20: a database that is back would stay unseen for that long. */
const backoff = (tries: number) => (0.5 + Math.random() / 2) * Math.min(3 ** tries / 100, 1)

/** Ids (bigint) arrive as strings, JSON parsed, times as `Date`. `max` connections are opened as they are needed. */
export function openDatabase(url: string, { max, schema }: { max: number; schema?: string }): Database {
  const sql = postgres(url, {
    max,
    backoff,
    onnotice: () => {},
    types: { string: text, json },
    connection: { application_name: 'sluice', ...(schema === undefined ? {} : { search_path: schema }) },
  })
  const begin = sql.begin.bind(sql) as (act: Act) => Promise<unknown> // one of its two shapes, the one we use
  return Object.assign(sql, { begin: (act: Act) => begin(withoutRollbackOnNothing(act)) }) as Database
}

type Act = (tx: postgres.TransactionSql) => unknown

/**
 * After a failure postgres.js writes a rollback even to a connection that is gone: to no socket, in no promise, which ends the process (3.4.9, connection.js nextWrite).
 * `begin` itself rejects when its connection goes, so what failed by that need not.
 */
const withoutRollbackOnNothing =
  (act: Act): Act =>
  async (tx) => {
    const savepoint = tx.savepoint.bind(tx) as (act: Act) => Promise<unknown> // likewise
    try {
      return await act(Object.assign(tx, { savepoint: (inner: Act) => savepoint(withoutRollbackOnNothing(inner)) }))
    } catch (error) {
      if (hasCode(error, CUT)) await new Promise(() => {})
      throw error
    }
  }

const CUT = new Set(['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '08006'])

/** How far this host's clock is ahead of the database's, and how sure that is: half of the question's way there and back. */
export async function readClock(sql: Sql): Promise<{ readonly aheadMs: number; readonly withinMs: number }> {
  const askedAt = Date.now()
  const [row] = await sql<[{ ms: number }]>`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`
  const withinMs = (Date.now() - askedAt) / 2
  return { aheadMs: Math.round(askedAt + withinMs - row.ms), withinMs }
}

const AWAY = new Set([
  ...['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'],
  ...['57P01', '57P02', '57P03', '08000', '08003', '08006', '53300', '53100'], // shut down, crashed, starting up, connection lost, too many, disk full
])

/** PostgreSQL cannot be reached, went away in the middle, or has no room to write: what was asked may or may not have been done. */
export function isDatabaseAway(error: unknown): boolean {
  return hasCode(error, AWAY) && !('path' in error) // an ENOENT with a path is a file's, and waiting for PostgreSQL would not bring it
}

/** It answers, but has no room: nothing was done, and somebody must make some. */
export const isDatabaseFull = (error: unknown): boolean => hasCode(error, FULL)
const FULL = new Set(['53100'])

/** Whoever works with it waits and says nothing: /readyz tells. */
export const isQuietlyAway = (error: unknown): boolean => isDatabaseAway(error) && !isDatabaseFull(error)

const UNDONE = new Set(['40001', '40P01']) // overtaken, or the one of a deadlock that had to give way

/** Nothing was done, and the same may well be done the next time. */
export const isPassing = (error: unknown): boolean => isDatabaseAway(error) || hasCode(error, UNDONE)

function hasCode(error: unknown, codes: ReadonlySet<string>): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.has(error.code)
}
