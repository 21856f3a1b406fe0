import { describe, expect, it } from 'vitest'
import { healthRoutes } from '../../src/http/health.ts'

const ask = async (path: string, needs: Parameters<typeof healthRoutes>[0]) => {
  const answer = await healthRoutes(needs).request(path)
  return [answer.status, await answer.json()]
}
const yes = async () => true

describe('health', () => {
  it('is that the process answers, whatever it lacks', async () => {
    expect(await ask('/healthz', { database: async () => false })).toEqual([200, { status: 'ok' }])
  })

  it('is readiness when nothing is missing', async () => {
    expect(await ask('/readyz', { database: yes, queue: yes })).toEqual([200, { status: 'ready' }])
  })

  it('is not waited for where something does not answer', async () => {
    const needs = { database: () => new Promise<boolean>(() => {}), queue: yes }
    expect(await ask('/readyz', needs)).toEqual([503, { status: 'not ready', missing: ['database'] }])
  })

  it('names what is missing, or fails when it is asked', async () => {
    const needs = {
      database: yes,
      queue: async () => false,
      'docker engine': () => Promise.reject(new Error('no socket')),
    }
    expect(await ask('/readyz', needs)).toEqual([503, { status: 'not ready', missing: ['queue', 'docker engine'] }])
  })
})
