import { inject } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { type Database, openDatabase } from '../../src/db/sql.ts'

/** A database schema of its own for one test file, with every migration applied; `drop` ends it. */
export async function openTestSchema(
  name: string,
): Promise<{ sql: Database; schema: string; drop: () => Promise<void> }> {
  const schema = `test_${name.replaceAll(/\W/g, '_')}_${process.pid}`
  const admin = openDatabase(inject('databaseUrl'), { max: 1 })
  await admin`create schema ${admin(schema)}`
  const sql = openDatabase(inject('databaseUrl'), { max: 20, schema })
  await migrate(sql)
  return {
    sql,
    schema,
    drop: async () => {
      await sql.end({ timeout: 1 }) // a connection that a test has cut never ends by itself
      await admin`drop schema ${admin(schema)} cascade`
      await admin.end()
    },
  }
}
