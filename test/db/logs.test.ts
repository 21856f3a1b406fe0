import { afterAll, describe, expect, it } from 'vitest'
import { openHints } from '../../src/db/hints.ts'
import { appendLog, appendLogAt, closeLog, getLogState, insertLog, listLogChunks } from '../../src/db/logs.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('logs')
afterAll(drop)
const now = new Date('2026-03-28T06:00:00Z')
const text = async (id: Awaited<ReturnType<typeof insertLog>>) =>
  (await listLogChunks(sql, id, 0)).map((chunk) => chunk.bytes.toString()).join('')

describe('a log', () => {
  it('takes the bytes of a source once, whoever reads it how often', async () => {
    const id = await insertLog(sql)
    const line = (offset: number, words: string) =>
      appendLogAt(sql, id, { offset, bytes: Buffer.from(words), capBytes: 1000 }, now)
    expect(await line(0, 'one\n')).toBe(true)
    expect(await line(0, 'one\n')).toBe(false)
    expect(await line(4, 'two\n')).toBe(true)
    expect(await text(id)).toBe('one\ntwo\n')
  })

  it('is cut at its cap with one visible marker, and goes on counting', async () => {
    const id = await insertLog(sql)
    const line = (offset: number) =>
      appendLogAt(sql, id, { offset, bytes: Buffer.from('0123456789'), capBytes: 15 }, now)
    for (const offset of [0, 10, 20, 30]) expect(await line(offset)).toBe(true)
    expect(await text(id)).toBe(
      '012345678901234\n[sluice] The log is cut here: it reached its limit of 15 bytes, and what follows is not kept. Write what you need to a file.\n',
    )
    expect(await getLogState(sql, id)).toMatchObject({ taken: 40, isTruncated: true })
  })

  it('keeps bytes that are no text', async () => {
    const id = await insertLog(sql)
    const bytes = Buffer.from([0, 255, 10, 0xc3])
    await appendLog(sql, id, bytes, now)
    expect((await listLogChunks(sql, id, 0))[0]?.bytes).toEqual(bytes)
  })

  it('takes nothing more once it is closed', async () => {
    const id = await insertLog(sql)
    await closeLog(sql, id, now)
    await appendLog(sql, id, Buffer.from('late'), now)
    expect(await text(id)).toBe('')
  })

  it('hints at what was appended', async () => {
    const id = await insertLog(sql)
    const hints = await openHints(sql)
    const heard = new Promise<void>((resolve) => hints.hear(`log:${id}`, resolve))
    await appendLog(sql, id, Buffer.from('x'), now)
    await heard
    await hints.close()
  })
})
