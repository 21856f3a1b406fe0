import { listProjectsLinkedTo } from '../db/links.ts'
import type { Relayed } from '../forge/smee.ts'
import { receiveWebhook, type WebhookOutcome, type WebhookPorts } from './receive-webhook.ts'

/**
 * A webhook that a relay brought. Its project is the one that the channel's address names (`https://smee.io/abc?project=shop`), else the
 * ones linked to the repository that sent it. Verified like any other, so that a relay can neither forge nor change one.
 */
export async function receiveRelayed(
  ports: WebhookPorts,
  cloneUrls: (text: string) => readonly string[],
  { headers, query, bodies }: Relayed,
): Promise<readonly { readonly project: string; readonly outcome: WebhookOutcome }[]> {
  const linked = await listProjectsLinkedTo(ports.deploy.sql, cloneUrls(bodies[0] ?? ''))
  const projects = query.project === undefined ? linked : [query.project]
  const texts = bodies.map((text) => Buffer.from(text))
  return Promise.all(
    projects.map(async (project) => ({
      project,
      outcome: await receiveWebhook(ports, { project, headers, read: async () => texts }),
    })),
  )
}

/** In words, for the server's log. */
export function explainRelayed({ project, outcome }: { project: string; outcome: WebhookOutcome }): string {
  switch (outcome.kind) {
    case 'unknown':
      return `${project}: no such linked project`
    case 'unsigned':
      return `${project}: the signature does not fit. Either the secrets differ, or the body was re-encoded on the way: smee-client does that with some bodies`
    case 'too_large':
      return `${project}: the body is too large`
    case 'unreadable':
      return `${project}: ${outcome.message}`
    case 'ignored':
      return `${project}: ignored, ${outcome.reason}`
    case 'accepted':
      return `${project}: deploy ${outcome.deployId}`
    case 'seen':
      return `${project}: seen before`
    case 'pong':
      return `${project}: ping`
  }
}
