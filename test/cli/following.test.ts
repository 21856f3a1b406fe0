import { describe, expect, it } from 'vitest'
import type { FollowEvent } from '../../src/http/api/follow.ts'
import { openDesk } from './desk.ts'

type Told = FollowEvent | { kind: 'break' }
const log = (id: string, fullName: string, text: string) =>
  ({ kind: 'log', id, fullName, bytes: Buffer.from(text).toString('base64') }) as Told
const move = (id: string, fullName: string, state: string) =>
  ({ kind: 'task', id, fullName, state, exitCause: null }) as Told
const end = (status: string): Told => ({ kind: 'end', status })

/** A server that tells each list once, one list an answer. `break` cuts the line. */
function openServer(...lists: Told[][]) {
  return openDesk(() => {
    const events = lists.shift() ?? []
    async function* lines() {
      for (const event of events) {
        if (event.kind === 'break') throw new TypeError('terminated')
        yield Buffer.from(`${JSON.stringify(event)}\n`)
      }
    }
    return new Response(ReadableStream.from(lines()))
  })
}

describe('sluice log -f', () => {
  it('shows whole lines behind the names of their tasks, and ends as the attempt does', async () => {
    const { sluice } = openServer([
      move('1', '+w+a', 'running'),
      log('1', '+w+a', 'one\ntw'),
      log('2', '+w+b', 'rest without end'),
      { kind: 'alive' },
      log('1', '+w+a', 'o\n'),
      move('1', '+w+a', 'success'),
      end('success'),
    ])
    expect(await sluice('log', '-f', '12')).toEqual({
      code: 0,
      out: '+w+a | one\n+w+a | two\n+w+b | rest without end\n',
      err: '+w+a: running\n+w+a: success\nAttempt 12: success\n',
    })
  })

  it('exits with 1 when it fails, and says what to do', async () => {
    expect(await openServer([end('error')]).sluice('log', '-f', '12')).toEqual({
      code: 1,
      out: '',
      err: 'Attempt 12: error\n  See why: sluice tasks 12. Try again: sluice retry 12\n',
    })
  })

  it('goes on where it was after the line broke', async () => {
    const { sluice } = openServer(
      [move('1', '+w+a', 'running'), log('1', '+w+a', 'one\ntw'), { kind: 'break' }],
      [],
      [move('1', '+w+a', 'running'), log('1', '+w+a', 'one\n'), log('1', '+w+a', 'two\n'), end('success')],
    )
    expect(await sluice('log', '-f', '12', '+w+a')).toMatchObject({ code: 0, out: 'one\ntwo\n' })
  })

  it('writes the bytes of one task as they are', async () => {
    const { sluice } = openServer([log('1', '+w+a', '\u001b[31mred'), end('success')])
    expect(await sluice('log', '-f', '12', '+w+a')).toMatchObject({ out: '\u001b[31mred' })
  })

  it('prints an object a line for programs', async () => {
    const { out } = await openServer([log('1', '+w+a', 'x'), { kind: 'alive' }, end('success')]).sluice(
      'log',
      '12',
      '--json',
    )
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).kind),
    ).toEqual(['log', 'end'])
  })
})
