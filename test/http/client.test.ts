import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { identifyClient, trustProxies } from '../../src/http/client.ts'
import type { Env } from '../../src/http/env.ts'

const PROXY = '172.18.0.5'
const trusts = trustProxies(['172.18.0.0/16', '::1'])

async function clientOf(
  peer: string | undefined,
  headers: Record<string, string>,
  url = 'http://sluice.example:8080/',
) {
  const app = new Hono<Env>().use('*', identifyClient(trusts)).get('*', (c) => c.json(c.get('client')))
  const env = peer === undefined ? undefined : { incoming: { socket: { remoteAddress: peer } } }
  return (await app.request(url, { headers }, env)).json()
}

describe('the client', () => {
  const FORGED = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    'x-real-ip': '203.0.113.9',
    forwarded: 'for=203.0.113.9;proto=https',
  }

  it('is whoever connected, whatever it says about itself', async () => {
    const itself = { address: '198.51.100.7', isSecure: false, origin: 'http://sluice.example:8080' }
    expect(await clientOf('198.51.100.7', FORGED)).toEqual(itself)
    expect(await clientOf('198.51.100.7', {})).toEqual(itself)
    expect(await clientOf(undefined, FORGED)).toMatchObject({ address: 'unknown', isSecure: false })
  })

  it('is whom a trusted proxy names', async () => {
    const named = { address: '203.0.113.9', isSecure: true, origin: 'https://sluice.example:8080' }
    for (const peer of [PROXY, `::ffff:${PROXY}`, '::1']) expect(await clientOf(peer, FORGED)).toEqual(named)
  })

  it('is the last one named: what comes before, the client itself may have written', async () => {
    const client = await clientOf(PROXY, { 'x-forwarded-for': '10.0.0.1, 203.0.113.9' })
    expect(client).toMatchObject({ address: '203.0.113.9', isSecure: false })
  })

  it('is the proxy itself when it names nobody that could be', async () => {
    expect(await clientOf(PROXY, {})).toMatchObject({ address: PROXY })
    expect(await clientOf(PROXY, { 'x-forwarded-for': 'me' })).toMatchObject({ address: PROXY })
  })

  it('is told of plain http by a proxy that is spoken to over TLS', async () => {
    const client = await clientOf(PROXY, { 'x-forwarded-proto': 'http' }, 'https://sluice.example/')
    expect(client).toMatchObject({ isSecure: false, origin: 'http://sluice.example' })
  })
})
