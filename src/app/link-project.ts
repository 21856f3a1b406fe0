import { randomBytes } from 'node:crypto'
import { findLink, type Link, replaceLink } from '../db/links.ts'
import { createProject, type Project, setBranch } from '../db/projects.ts'
import type { Database } from '../db/sql.ts'
import type { AddressRules, CheckedAddress } from '../git/remote-address.ts'
import type { RefusedUrl, RemoteUrl } from '../git/remote-url.ts'
import type { Repositories } from '../git/repositories.ts'
import type { DeployKey, HostKey } from '../git/ssh-keys.ts'
import { Refusal } from '../refusal.ts'
import { isProjectName, refuseProjectName, suggestProjectName } from './project-name.ts'

export type LinkPorts = {
  readonly sql: Database
  /** Seals what is secret in the database. */
  readonly key: Buffer
  readonly repositories: Pick<Repositories, 'create' | 'setHead'>
  readonly rules: AddressRules
  readonly remotes: {
    parseUrl(text: string, isLocalAllowed: boolean): RemoteUrl | RefusedUrl
    isBranchName(name: string): boolean
    checkRemote(remote: RemoteUrl, rules: AddressRules): Promise<CheckedAddress>
    makeDeployKey(comment: string): Promise<DeployKey>
    scanHostKeys(remote: { host: string; address: string; port: number }): Promise<readonly HostKey[]>
  }
  /** Address of this server, without a slash at its end. */
  readonly url: string
}

export type LinkRequest = {
  readonly name: string
  readonly url: string
  /** Null: the branch the project has, else main. */
  readonly branch: string | null
  /** Null: the one it has, else a new one. */
  readonly secret: string | null
}

/** What a person needs to know to finish the work at the forge. */
export type Linked = {
  readonly project: string
  readonly url: string
  readonly branch: string
  /** Paste it as the webhook's payload URL, content type application/json. */
  readonly hookUrl: string
  /** Told once, and only when it was made here. */
  readonly newSecret: string | null
  /** Add it to the repository as a read-only deploy key. Null for addresses that need none. */
  readonly deployKey: string | null
  /** Compare them with what the forge publishes. */
  readonly hostKeys: readonly HostKey[]
}

/** Connects a project with the repository it comes from; makes the project if there is none. Again: changes what is given, and keeps secret and deploy key. */
export async function linkProject(ports: LinkPorts, request: LinkRequest, who: string, now: Date): Promise<Linked> {
  const { name, url } = request
  if (!isProjectName(name)) throw refuseProjectName(name, `Try ${suggestProjectName(name)}`)
  const remote = ports.remotes.parseUrl(url, ports.rules.isLocalAllowed)
  if (remote.scheme === 'refused') throw new Refusal('invalid', remote.message, remote.hint)
  if (request.branch !== null && !ports.remotes.isBranchName(request.branch))
    throw new Refusal('invalid', `${JSON.stringify(request.branch)} is no name of a branch`, 'Try --branch main')
  if (request.secret !== null) checkSecret(request.secret)
  const hostKeys = await findHostKeys(ports, remote)
  const project = await createProject(ports.sql, name, now)
  const before = await findLink(ports.sql, ports.key, project.id)
  const branch = request.branch ?? project.branch ?? 'main'
  const link = await completeLink(ports, { project, remote, request, before, hostKeys, who })
  await ports.sql.begin(async (tx) => {
    await replaceLink(tx, ports.key, link, now)
    await setBranch(tx, project.id, branch)
  })
  await ports.repositories.create(project.id, branch)
  await ports.repositories.setHead(project.id, branch)
  return {
    project: name,
    url,
    branch,
    hookUrl: `${ports.url}/hooks/github/${name}`,
    newSecret: request.secret === null && before === undefined ? link.webhookSecret : null,
    deployKey: link.deployKeyPublic,
    hostKeys,
  }
}

const MIN_SECRET = 16

function checkSecret(secret: string) {
  if (secret.length < MIN_SECRET || secret.length > 255)
    throw new Refusal(
      'invalid',
      `A webhook secret has ${MIN_SECRET} to 255 characters: whoever guesses it can deploy`,
      'Leave it out, and one is made',
    )
}

/** Looks where the address leads before anything is stored. */
async function findHostKeys({ remotes, rules }: LinkPorts, remote: RemoteUrl): Promise<readonly HostKey[]> {
  const checked = await remotes.checkRemote(remote, rules)
  if (checked.kind === 'refused') throw new Refusal('invalid', checked.message, checked.hint)
  const [address] = checked.addresses
  if (remote.scheme !== 'ssh' || address === undefined) return []
  const keys = await remotes.scanHostKeys({ host: remote.host, address, port: remote.port })
  if (keys.length > 0) return keys
  throw new Refusal(
    'unavailable',
    `${remote.host} showed no ssh host key on port ${remote.port}`,
    'See that the address is right and that the server may connect to it',
  )
}

type Parts = {
  readonly project: Project
  readonly remote: RemoteUrl
  readonly request: LinkRequest
  readonly before: Link | undefined
  readonly hostKeys: readonly HostKey[]
  readonly who: string
}

async function completeLink(ports: LinkPorts, parts: Parts): Promise<Omit<Link, 'createdAt'>> {
  const { project, remote, request, before, hostKeys, who } = parts
  const isSsh = remote.scheme === 'ssh'
  const kept =
    before?.deployKey == null ? undefined : { privateKey: before.deployKey, publicKey: before.deployKeyPublic }
  const key = isSsh ? (kept ?? (await ports.remotes.makeDeployKey(`sluice ${project.name}`))) : undefined
  return {
    projectId: project.id,
    url: request.url,
    webhookSecret: request.secret ?? before?.webhookSecret ?? randomBytes(24).toString('base64url'),
    deployKey: key?.privateKey ?? null,
    deployKeyPublic: key?.publicKey ?? null,
    hostKeys: isSsh ? hostKeys.map(({ line }) => `${line}\n`).join('') : null,
    createdBy: who,
  }
}
