import type { Worker } from 'node:worker_threads'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { openExpressions } from '../../src/expression/sandbox.ts'

const host = vi.hoisted(() => ({ opened: [] as Worker[], isBroken: false }))
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>()
  const NOWHERE = new URL('data:text/javascript,throw new Error("no thread today")')
  class Watched extends real.Worker {
    constructor(file: URL, options: object) {
      super(host.isBroken ? NOWHERE : file, options)
      host.opened.push(this)
    }
  }
  return { ...real, Worker: Watched }
})

const ONE = [['1 + 1'], { params: {}, nearer: {} }, 'UTC'] as const
const gives = (text: string) => expect.objectContaining({ ok: true, texts: [text] })

describe('the thread of the expressions', () => {
  beforeEach(() => {
    host.opened.length = 0
    host.isBroken = false
  })

  it('is replaced when it died, params and all', async () => {
    const expressions = await openExpressions()
    const scope = { params: { a: 5 }, nearer: {} }
    expect(expressions.evaluate(['a'], scope, 'UTC')).toEqual(gives('5'))
    for (let death = 1; death <= 2; death++) {
      await host.opened.at(-1)?.terminate()
      expect(expressions.evaluate(['a'], scope, 'UTC')).toEqual(gives('5'))
      expect(host.opened).toHaveLength(death + 1)
    }
    expressions.close()
  })

  it('is replaced once only when it dies before it works, which is told', async () => {
    const expressions = await openExpressions()
    host.isBroken = true
    expect(
      expressions.evaluate(['(function () { var a = new Array(1e6); for (;;) a.indexOf(1) })()'], ONE[1], 'UTC'),
    ).toEqual(expect.objectContaining({ ok: false, kind: 'limit' }))
    await new Promise((resolve) => host.opened.at(-1)?.once('exit', resolve))
    for (let turn = 0; turn < 3; turn++) expect(() => expressions.evaluate(...ONE)).toThrow('no thread today')
    expect(host.opened).toHaveLength(2)
    expressions.close()
  })
})
