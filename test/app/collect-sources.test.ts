import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { collectSources } from '../../src/app/collect-sources.ts'
import type { Digest, LogId, ProjectId } from '../../src/brand.ts'
import { insertSource, readSource } from '../../src/db/sources.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('collect-sources')
afterAll(drop)

const NOW = new Date('2026-03-28T06:00:00Z')
const LONG_AGO = new Date('2026-03-20T06:00:00Z')
let projectId: ProjectId
beforeEach(async () => {
  await sql`truncate projects, builds, sources cascade`
  const [row] = await sql<[{ id: ProjectId }]>`
    insert into projects (name, created_at) values ('shop', ${NOW}) returning id`
  projectId = row.id
})

const bring = (text: string, at: Date) => sql.begin((tx) => insertSource(tx, Buffer.from(text), at))
const kept = async () => (await sql<{ digest: Digest }[]>`select digest from sources`).map(({ digest }) => digest)

async function build(digest: Digest, finishedAt: Date | null) {
  const [log] = await sql<[{ id: LogId }]>`insert into logs default values returning id`
  await sql`
    insert into builds (image_key, project_id, source_digest, plan, state, log_id, created_at, finished_at)
    values (${randomUUID()}, ${projectId}, ${digest}, '{}', ${finishedAt === null ? 'queued' : 'error'}, ${log.id}, ${LONG_AGO}, ${finishedAt})`
}

async function release(digest: Digest) {
  await sql`
    insert into revisions (project_id, number, name, source_digest, plan, created_at, created_by)
    values (${projectId}, 1, '1', ${digest}, '{}', ${LONG_AGO}, 'ana')`
}

describe('the sources', () => {
  it('that nothing needs any more are deleted, and no others', async () => {
    const [unneeded, failed, released, queued, fresh] = await Promise.all([
      bring('unneeded', LONG_AGO),
      bring('failed', LONG_AGO),
      bring('released', LONG_AGO),
      bring('queued', LONG_AGO),
      bring('fresh', NOW),
    ])
    await build(failed, LONG_AGO)
    await build(queued, null)
    await release(released)
    expect(await collectSources(sql, null, NOW)).toBeNull()
    expect((await kept()).toSorted()).toEqual([released, queued, fresh].toSorted())
    expect(await readSource(sql, unneeded)).toHaveLength(0)
    expect(await readSource(sql, released)).toEqual(Buffer.from('released'))
  })

  it('are looked at few at a time, on from where the last look ended', async () => {
    const digests = await Promise.all(Array.from({ length: 60 }, (_, n) => bring(`source ${n}`, LONG_AGO)))
    const place = await collectSources(sql, null, NOW)
    expect(await kept()).toHaveLength(10)
    expect(digests).toContain(place?.digest)
    expect(await collectSources(sql, place, NOW)).toBeNull()
    expect(await kept()).toEqual([])
  })

  it('that a deploy brings again at this moment stay for it', async () => {
    const digest = await bring('again', LONG_AGO)
    let collecting: Promise<unknown> = Promise.resolve()
    await sql.begin(async (tx) => {
      await insertSource(tx, Buffer.from('again'), NOW)
      collecting = collectSources(sql, null, NOW) // finds the old row, and waits for its lock
      await untilLocked()
    })
    await collecting
    await release(digest)
    expect(await readSource(sql, digest)).toEqual(Buffer.from('again'))
  })

  it('that are being deleted when a deploy brings them are stored anew', async () => {
    const digest = await bring('gone', LONG_AGO)
    let bringing: Promise<unknown> = Promise.resolve()
    await sql.begin(async (tx) => {
      await collectSources(tx, null, NOW)
      bringing = bring('gone', NOW)
      await untilLocked()
    })
    await bringing
    await release(digest)
    expect(await readSource(sql, digest)).toEqual(Buffer.from('gone'))
  })
})

/** Somebody waits for a lock that another transaction holds. */
async function untilLocked(): Promise<void> {
  for (let tries = 0; tries < 2000; tries += 1) {
    const waiting = await sql`
      select from pg_stat_activity where wait_event_type = 'Lock' and query like '%sources%' and datname = current_database()`
    if (waiting.length > 0) return
  }
  throw new Error('nobody waits')
}
