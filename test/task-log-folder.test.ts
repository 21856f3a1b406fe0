import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Claim } from '../src/db/tasks.ts'
import { openTaskLogFolder } from '../src/task-log-folder.ts'
import { NOW } from './support/app.ts'
import { rowsOf } from './support/rows.ts'
import { openTestSchema } from './support/schema.ts'

const { sql, drop } = await openTestSchema('task-log-folder')
let folder: string
let claim: Claim
let other: Claim
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-task-logs-'))
  const rows = rowsOf(sql, NOW)
  const project = await rows.project('shop')
  const attempt = await rows.attempt(project, 'daily_sync', { session: 60 })
  const worker = await rows.worker('host/1')
  const task = await rows.task(attempt.id, { name: '+daily_sync+a', started: 5, worker, log: 'one\ntwo\n' })
  claim = { id: task.id, epoch: '1', attemptId: attempt.id }
  const second = await rows.task(attempt.id, { name: '+daily_sync+b', started: 5, worker, log: 'other\n' })
  other = { id: second.id, epoch: '1', attemptId: attempt.id }
  const started = Math.floor((NOW.getTime() - 5 * 60_000) / 1000).toString(16)
  path = `2026-03-28/0.${project.id}daily_sync@20260328T061400+0100_n0/+daily_sync+a@${started}00000000.host-1.log.gz`
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await drop()
})

const open = () =>
  openTaskLogFolder(sql, { folder, owed: join(folder, 'owed') }, (error) => expect.unreachable(String(error)))
const copied = async () => gunzipSync(await readFile(join(folder, path))).toString()

describe('the folder of task logs', () => {
  it('gets the whole log of a start, where Digdag would leave it', async () => {
    const logs = await open()
    await logs.owe(claim)
    logs.keep(claim)
    await logs.close()
    expect(await copied()).toBe('one\ntwo\n')
    expect(await readdir(join(folder, 'owed'))).toEqual([])
  })

  it('gets from the next worker what one owed that was killed, as soon as the start has ended', async () => {
    await (await open()).owe(claim) // and then nothing more of it
    await rm(join(folder, path))
    await sql`update logs set closed_at = null`
    await (await open()).close()
    await expect(copied()).rejects.toThrow('ENOENT')
    await sql`update logs set closed_at = ${NOW}`
    for (const _ of [1, 2]) {
      await (await open()).close()
      expect(await copied()).toBe('one\ntwo\n')
    }
  })

  it('that cannot be written costs a report, and no task; what is missing comes with the next copy', async () => {
    const reported: unknown[] = []
    const full = join(folder, 'full')
    await writeFile(full, '')
    const logs = await openTaskLogFolder(sql, { folder: full, owed: join(folder, 'owed') }, (error) =>
      reported.push(error),
    )
    await logs.owe(claim)
    logs.keep(claim)
    await logs.close()
    expect(reported.map(String)).toEqual([`Error: A log could not be left in ${full}`])
    await rm(full)
    logs.keep(other)
    await logs.close()
    for (const one of [path, path.replace('+a@', '+b@')])
      expect(gunzipSync(await readFile(join(full, one))).toString()).toMatch(/^one\ntwo\n|other\n$/)
    expect(reported).toHaveLength(1)
  })
})
