import { describe, expect, it } from 'vitest'
import { openDesk } from './desk.ts'

/** Answers like the server, and notes what was asked. */
function openStarter(status = 200) {
  const asked: string[] = []
  const bodies: unknown[] = []
  const desk = openDesk(async (request) => {
    const { pathname, search } = new URL(request.url)
    asked.push(`${request.method} ${pathname}${decodeURIComponent(search)}`)
    if (request.method === 'PUT') {
      bodies.push(await request.json())
      return Response.json({ id: '12', status: 'running', sessionTime: '2026-03-28T00:00:00+09:00' }, { status })
    }
    return Response.json({ id: '7', sessionTime: '2026-03-28T00:00:00+09:00' })
  })
  return { ...desk, asked, bodies }
}

describe('sluice start', () => {
  it('asks as the client of Digdag does', async () => {
    const { sluice, asked, bodies } = openStarter()
    const { code, out, err } = await sluice(
      'start',
      'my shop',
      'daily',
      '--session',
      'daily',
      '-p',
      'a.b=1',
      '-p',
      'a.c=x=y',
      '--revision',
      'v1',
    )
    expect([code, out, err]).toEqual([
      0,
      'Attempt 12 of my shop/daily has started, for 2026-03-28T00:00:00+09:00.\n',
      'Follow it: sluice log -f 12\n',
    ])
    expect(asked).toEqual([
      'GET /api/projects/my%20shop/workflows/daily?revision=v1',
      'GET /api/workflows/7/truncated_session_time?session_time=2026-03-28T06:14:08.000Z&mode=day',
      'PUT /api/attempts',
    ])
    expect(bodies).toEqual([
      {
        workflowId: '7',
        sessionTime: '2026-03-28T00:00:00+09:00',
        retryAttemptName: null,
        params: { a: { b: '1', c: 'x=y' } },
        resume: null,
      },
    ])
  })

  it('sends a date as the first moment of that day', async () => {
    const { sluice, asked } = openStarter()
    await sluice('start', 'shop', 'daily', '--session', '2026-03-01')
    expect(asked[1]).toBe('GET /api/workflows/7/truncated_session_time?session_time=2026-03-01T00:00:00')
  })

  it('names the attempt that is there already', async () => {
    expect(await openStarter(409).sluice('start', 'shop', 'daily')).toEqual({
      code: 1,
      out: '',
      err: 'sluice: The session 2026-03-28T00:00:00+09:00 of shop/daily has an attempt already: 12, running\n  Run it once more with sluice retry 12 --all, or start it under another name with --retry NAME.\n',
    })
  })
})
