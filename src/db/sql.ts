import postgres from 'postgres'

/** A pool: what a verb opens its transaction on. */
export type Database = postgres.Sql

/** A pool or a transaction: the statements of this room do not care. */
export type Sql = Database | postgres.TransactionSql

/** Ids (bigint) arrive as strings, JSON parsed, times as `Date`. `max` connections are opened as they are needed. */
export function openDatabase(url: string, { max, schema }: { max: number; schema?: string }): Database {
  return postgres(url, {
    max,
    onnotice: () => {},
    connection: { application_name: 'sluice', ...(schema === undefined ? {} : { search_path: schema }) },
  })
}
