import { moveInstallationIfElsewhere } from '../db/installation.ts'
import { disableAllSchedules } from '../db/schedules.ts'
import type { Database } from '../db/sql.ts'

type Environment = {
  /** Null: nobody named it. */
  readonly environment: string | null
  readonly quietEnvironment: string | null
}

/** A database that comes from elsewhere, such as a copy of production's, starts with its schedules switched off where this environment wants that. Gives how many were on. */
export async function enterEnvironment(
  sql: Database,
  { environment, quietEnvironment }: Environment,
  now: Date,
): Promise<number> {
  return sql.begin(async (tx) => {
    const isNew = await moveInstallationIfElsewhere(tx, environment)
    return isNew && quietEnvironment !== null ? await disableAllSchedules(tx, now) : 0
  })
}
