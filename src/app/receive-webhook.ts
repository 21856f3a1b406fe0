import type { DeliveryId, DeployId } from '../brand.ts'
import { insertWebhookIfNew, settleDeliveryIfReceived, type WebhookReceived } from '../db/deliveries.ts'
import { type Deploy, insertDeploy } from '../db/deploys.ts'
import { findLink } from '../db/links.ts'
import { insertLog } from '../db/logs.ts'
import { findProject, lockProject, type Project } from '../db/projects.ts'
import type { GithubEvent } from '../forge/github.ts'
import type { DeployPorts } from './deploy-ports.ts'
import { deployUnwatched } from './deploy-revision.ts'

type ForgePorts = {
  verify(secret: string, text: string, signature: string): Promise<boolean>
  parse(event: string, text: string): GithubEvent
}

export type WebhookPorts = { readonly deploy: DeployPorts; readonly key: Buffer; readonly github: ForgePorts }

export type Webhook = {
  readonly project: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body as it came; over a relay that writes it anew, the texts it may have been. Undefined: it is too large. Read only when somebody is there to receive it. */
  readonly read: () => Promise<readonly Uint8Array[] | undefined>
}

export type WebhookOutcome =
  /** No such project, not linked, or without a secret: to the sender all the same. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'unreadable'; readonly message: string; readonly hint: string }
  | { readonly kind: 'seen' }
  | { readonly kind: 'pong'; readonly deliveryId: DeliveryId }
  | { readonly kind: 'ignored'; readonly deliveryId: DeliveryId; readonly reason: string }
  | { readonly kind: 'accepted'; readonly deliveryId: DeliveryId; readonly deployId: DeployId }

/** Stores a webhook once, in the transaction that makes its deploy too, and answers before anything is fetched. */
export async function receiveWebhook(ports: WebhookPorts, webhook: Webhook): Promise<WebhookOutcome> {
  const { sql } = ports.deploy
  const project = await findProject(sql, webhook.project)
  const link = project && (await findLink(sql, ports.key, project.id))
  if (project === undefined || link === undefined || link.webhookSecret === '') return { kind: 'unknown' }
  const signature = webhook.headers['x-hub-signature-256']
  if (signature === undefined) return { kind: 'unsigned' }
  const bodies = await webhook.read()
  if (bodies === undefined) return { kind: 'too_large' }
  const signed = await findSigned(ports, { secret: link.webhookSecret, signature }, bodies)
  if (signed === undefined) return bodies.some(isText) ? { kind: 'unsigned' } : UNREADABLE
  const { event, id } = namesOf(webhook)
  if (event === undefined || id === undefined) return UNNAMED
  const asks = ports.github.parse(event, signed.text)
  const received = { ...describe(asks), externalId: id, event, body: signed.body, headers: keptHeaders(webhook) }
  return store(ports, project, asks, { projectId: project.id, provider: 'github', ...received })
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(body: Uint8Array): string | undefined {
  try {
    return decoder.decode(body)
  } catch {
    return undefined // the signature is checked over text: other bytes could be taken for the same text
  }
}
const isText = (body: Uint8Array) => decode(body) !== undefined

/** The body that the signature covers. */
async function findSigned(
  { github }: WebhookPorts,
  { secret, signature }: { secret: string; signature: string },
  bodies: readonly Uint8Array[],
) {
  for (const body of bodies) {
    const text = decode(body)
    if (text !== undefined && (await github.verify(secret, text, signature))) return { text, body }
  }
  return undefined
}

const UNREADABLE = {
  kind: 'unreadable',
  message: 'The body is not UTF-8',
  hint: 'Set the content type of the webhook to application/json',
} as const

const UNNAMED = {
  kind: 'unreadable',
  message: 'X-GitHub-Event or X-GitHub-Delivery is missing or malformed',
  hint: 'Send what GitHub sends',
} as const

function namesOf({ headers }: Webhook) {
  const [, event] = /^([a-z_]{1,60})$/.exec(headers['x-github-event'] ?? '') ?? []
  const [, id] = /^([0-9A-Za-z-]{1,100})$/.exec(headers['x-github-delivery'] ?? '') ?? []
  return { event, id }
}

const KEPT = ['content-type', 'user-agent', 'x-github-event', 'x-github-delivery', 'x-github-hook-id']
const keptHeaders = ({ headers }: Webhook) =>
  Object.fromEntries(KEPT.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])))

function describe(asks: GithubEvent): Pick<WebhookReceived, 'ref' | 'newCommit' | 'pushedBy'> {
  if (asks.kind === 'push') return { ref: asks.ref, newCommit: asks.commit, pushedBy: asks.pushedBy }
  return { ref: asks.kind === 'other' ? asks.ref : null, newCommit: null, pushedBy: null }
}

async function store(
  { deploy: ports }: WebhookPorts,
  project: Project,
  asks: GithubEvent,
  received: WebhookReceived,
): Promise<WebhookOutcome> {
  const stored = await ports.sql.begin(async (tx) => {
    const { branch } = await lockProject(tx, project.id)
    const deliveryId = await insertWebhookIfNew(tx, received, ports.now())
    if (deliveryId === undefined) return { kind: 'seen' } as const
    if (asks.kind === 'push' && asks.branch === branch)
      return {
        kind: 'accepted',
        deliveryId,
        deploy: await insertWaiting(tx, ports, project, deliveryId, branch),
      } as const
    const reason = whyIgnored(asks, branch)
    await settleDeliveryIfReceived(tx, deliveryId, { state: 'ignored', reason }, ports.now())
    return asks.kind === 'ping'
      ? ({ kind: 'pong', deliveryId } as const)
      : ({ kind: 'ignored', deliveryId, reason } as const)
  })
  if (stored.kind !== 'accepted') return stored
  deployUnwatched(ports, stored.deploy).catch(ports.onBug) // if we die here, the sweep goes on with it
  return { kind: 'accepted', deliveryId: stored.deliveryId, deployId: stored.deploy.id }
}

function whyIgnored(asks: GithubEvent, branch: string | null): string {
  if (asks.kind === 'ping') return 'a ping: the webhook works'
  return asks.kind === 'other' ? asks.reason : `only ${branch} deploys, this is ${asks.branch}`
}

async function insertWaiting(
  tx: Parameters<typeof insertLog>[0],
  { holder, now }: DeployPorts,
  project: Project,
  deliveryId: DeliveryId,
  branch: string,
): Promise<Deploy> {
  const logId = await insertLog(tx)
  const deploy = { projectId: project.id, deliveryId, branch, oldCommit: null, newCommit: null, logId }
  return insertDeploy(tx, deploy, holder, now())
}
