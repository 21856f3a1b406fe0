import { createHmac } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { linkProject } from '../../src/app/link-project.ts'
import { explainRelayed, receiveRelayed } from '../../src/app/receive-relayed.ts'
import { cloneUrls } from '../../src/forge/github.ts'
import { openSmee, parseRelayed } from '../../src/forge/smee.ts'
import { NOW, openDeliveryServer, until } from '../support/delivery.ts'
import { makeRepository } from '../support/git.ts'
import { openTestSchema } from '../support/schema.ts'
import { openSmeeRelay } from '../support/smee-relay.ts'

const { sql, drop } = await openTestSchema('smee')
const server = await openDeliveryServer(sql)
const repository = await makeRepository({ 'daily.dig': '+a:\n  echo>: hello\n' })
const url = `file://${repository.folder}`
const SECRET = 'sixteen or more letters'
await linkProject(server.links, { name: 'shop', url, branch: null, secret: SECRET }, 'ana', NOW)
afterAll(async () => {
  await server.close()
  await repository.remove()
  await drop()
})

let deliveries = 0
function send(channel: string, body: string, query = '') {
  return fetch(`${channel}${query}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': `relayed-${++deliveries}`,
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
  })
}

const push = (words: object = {}) =>
  JSON.stringify({ ref: 'refs/heads/main', after: '1'.repeat(40), repository: { clone_url: url }, ...words })

/** Relays into the server until the test ends; `heard` are the lines for its log. */
function relay(source: string) {
  const said: string[] = []
  const heard: string[] = []
  const smee = openSmee({
    source,
    retryMs: 50,
    say: (line) => said.push(line),
    receive: async (relayed) => {
      for (const one of await receiveRelayed(server.webhooks, cloneUrls, relayed)) heard.push(explainRelayed(one))
    },
  })
  return { smee, said, heard }
}

describe('a relay of webhooks', () => {
  it('brings them to the project that the channel names, or that is linked to the sender', async () => {
    const channel = await openSmeeRelay()
    const { smee, said, heard } = relay(channel.channel)
    await until(() => channel.listeners.size === 1)
    await send(channel.channel, push({ repository: {} }), '?project=shop')
    await until(() => heard.length === 1)
    await send(channel.channel, push())
    await until(() => heard.length === 2)
    expect(heard).toEqual([expect.stringMatching(/^shop: deploy \d+$/), expect.stringMatching(/^shop: deploy \d+$/)])
    expect(said).toEqual([`Webhooks are relayed from ${channel.channel}`])
    await until(async () => (await sql`select from deploys where settled_at is null`).length === 0)
    expect(await sql`select from deploys where state = 'live'`).toHaveLength(1)
    await smee.close()
    await channel.close()
  })

  it('is waited for while it is away', async () => {
    const first = await openSmeeRelay()
    await first.close()
    const { smee, heard } = relay(first.channel)
    await new Promise((resolve) => setImmediate(resolve))
    const second = await openSmeeRelay(first.port)
    await until(() => second.listeners.size === 1)
    await send(second.channel, push())
    await until(() => heard.length === 1)
    await smee.close()
    await second.close()
  })

  it('cannot forge or change one, and says so when it only wrote it otherwise', async () => {
    const channel = await openSmeeRelay()
    const { smee, heard } = relay(channel.channel)
    await until(() => channel.listeners.size === 1)
    await send(channel.channel, `${push()}\n`) // the line feed is lost on the way
    await until(() => heard.length === 1)
    expect(heard[0]).toContain('the body was re-encoded on the way')
    await smee.close()
    await channel.close()
  })
})

describe('a relayed body', () => {
  it('may have had its control characters in upper case, as GitHub writes them', () => {
    const { bodies } = parseRelayed(JSON.stringify({ body: { message: '\u001b[1m é' } }))
    expect(bodies).toEqual(['{"message":"\\u001b[1m é"}', '{"message":"\\u001B[1m é"}'])
  })
})
