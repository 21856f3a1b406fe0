import { type Context, Hono } from 'hono'
import { receiveWebhook, type WebhookOutcome, type WebhookPorts } from '../app/receive-webhook.ts'
import type { Env } from './env.ts'
import { readBytes } from './read-body.ts'

/** GitHub sends no more. haproxy.cfg refuses the same. */
export const MAX_HOOK_BYTES = 25 * 1024 * 1024

/** Webhooks. Nobody signs in here: the signature over the body says who sends it. */
export function hookRoutes(ports: WebhookPorts & { readonly maxBodyBytes?: number }) {
  return new Hono<Env>().post('/hooks/github/:project', async (c) => {
    const read = async () => {
      const body = await readBytes(c.req.raw, ports.maxBodyBytes ?? MAX_HOOK_BYTES)
      return body === undefined ? undefined : [body]
    }
    const headers = Object.fromEntries(c.req.raw.headers)
    return answer(c, await receiveWebhook(ports, { project: c.req.param('project'), headers, read }))
  })
}

const TOO_LARGE = { status: 413, message: 'The body is too large', hint: 'GitHub sends at most 25 MiB' }
const UNSIGNED = {
  status: 401,
  message: 'The signature is missing or does not fit',
  hint: 'Give the webhook the secret that sluice link showed; the header must be X-Hub-Signature-256',
}

/** The same words for every wrong signature: nothing to learn from them. */
function answer(c: Context<Env>, outcome: WebhookOutcome): Response {
  switch (outcome.kind) {
    case 'unknown':
      return c.body(null, 404)
    case 'unsigned':
      return c.json(UNSIGNED, 401)
    case 'too_large':
      return c.json(TOO_LARGE, 413)
    case 'unreadable':
      return c.json({ status: 400, message: outcome.message, hint: outcome.hint }, 400)
    case 'seen':
      return c.json({ message: 'This delivery was seen before: nothing is done again' })
    case 'pong':
      return c.json({ message: 'pong', delivery: outcome.deliveryId })
    case 'ignored':
      return c.json({ message: `Ignored: ${outcome.reason}`, delivery: outcome.deliveryId }, 202)
    case 'accepted':
      return c.json({ message: 'Accepted', delivery: outcome.deliveryId, deploy: outcome.deployId }, 202)
  }
}
