import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { collectLogs } from '../../src/app/collect-logs.ts'
import type { LogId } from '../../src/brand.ts'
import { appendAfterwards, appendLog, closeLog, getLogState, insertLog, listLogChunks } from '../../src/db/logs.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('collect-logs')
afterAll(drop)
beforeEach(async () => {
  await sql`truncate logs cascade`
})

const NOW = new Date('2026-03-28T06:00:00Z')
const LONG_AGO = new Date('2026-02-20T06:00:00Z')
const RECENTLY = new Date('2026-03-20T06:00:00Z')
const MONTH_MS = 30 * 86_400_000
const MARKER =
  '[sluice] This log was removed on 2026-03-28: logs are kept for 30 days after they end (SLUICE_KEEP_LOGS).\n'

async function logOf(words: readonly string[], closedAt: Date | null): Promise<LogId> {
  const id = await insertLog(sql)
  for (const word of words) await appendLog(sql, id, Buffer.from(word), LONG_AGO)
  if (closedAt !== null) await closeLog(sql, id, closedAt)
  return id
}

const textOf = async (id: LogId) => (await listLogChunks(sql, id, 0)).map(({ bytes }) => String(bytes)).join('')

describe('the logs', () => {
  it('that ended long ago are removed, which a line says; no others', async () => {
    const [old, silent, open, young] = [
      await logOf(['one\n', 'two\n'], LONG_AGO),
      await logOf([], LONG_AGO),
      await logOf(['runs on\n'], null),
      await logOf(['young\n'], RECENTLY),
    ]
    expect(await collectLogs(sql, null, MONTH_MS, NOW)).toBeNull()
    expect(await Promise.all([old, silent, open, young].map(textOf))).toEqual([MARKER, '', 'runs on\n', 'young\n'])
    expect(await getLogState(sql, old)).toMatchObject({ storedBytes: MARKER.length, closedAt: LONG_AGO })
    expect(await getLogState(sql, silent)).toMatchObject({ storedBytes: 0 })
  })

  it('that were removed stay as they are', async () => {
    const old = await logOf(['one\n'], LONG_AGO)
    await collectLogs(sql, null, MONTH_MS, NOW)
    await appendAfterwards(sql, old, Buffer.from('pushed\n'), NOW)
    await collectLogs(sql, null, MONTH_MS, new Date(NOW.getTime() + MONTH_MS))
    expect(await textOf(old)).toBe(MARKER)
  })

  it('are looked at few at a time, past many that are still open, as far as there are old ones', async () => {
    await sql`insert into logs (closed_at) select null from generate_series(1, 250)`
    await sql`insert into logs (closed_at) select ${LONG_AGO} from generate_series(1, 6000)`
    await sql`insert into logs (closed_at) select ${RECENTLY} from generate_series(1, 300)`
    const place = await collectLogs(sql, null, MONTH_MS, NOW)
    expect(await remaining()).toBe(250 + 1250 + 300)
    expect(await collectLogs(sql, place, MONTH_MS, NOW)).toBeNull()
    expect(await remaining()).toBe(250 + 300)
  })

  it('are removed once by two webs at once', async () => {
    const logs = await Promise.all(Array.from({ length: 50 }, () => logOf(['one\n'], LONG_AGO)))
    await Promise.all([collectLogs(sql, null, MONTH_MS, NOW), collectLogs(sql, null, MONTH_MS, NOW)])
    expect(new Set(await Promise.all(logs.map(textOf)))).toEqual(new Set([MARKER]))
  })
})

async function remaining(): Promise<number> {
  const [row] = await sql<[{ count: number }]>`select count(*)::int as count from logs where removed_at is null`
  return row.count
}
