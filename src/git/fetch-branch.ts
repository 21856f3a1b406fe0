import { GitError, simpleGit } from 'simple-git'
import type { Commit } from '../brand.ts'
import { inJail, type JailNeeds, jailEnvironment } from './fetch-jail.ts'
import { type AddressRules, checkAddress } from './remote-address.ts'
import { isBranchName, parseRemoteUrl, type RemoteUrl } from './remote-url.ts'

export type FetchNeeds = Pick<JailNeeds, 'deployKey' | 'hostKeys' | 'extraCa'> & {
  /** Path of the bare repository. */
  readonly repository: string
  readonly url: string
  readonly branch: string
  readonly rules: AddressRules
}

export type Fetched =
  | { readonly kind: 'fetched'; readonly commit: Commit }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/** Longest silence of a remote. */
const SILENCE_MS = 120_000

/** Brings one branch of a remote into a bare repository, under `refs/sluice/`, and says where the remote has it. Nothing of a worktree, no submodule, no tag. */
export async function fetchBranch(needs: FetchNeeds): Promise<Fetched> {
  const { branch, url, rules } = needs
  if (!isBranchName(branch)) return { kind: 'refused', message: `${branch} is no name of a branch`, hint: 'Link again' }
  const remote = parseRemoteUrl(url, rules.isLocalAllowed)
  if (remote.scheme === 'refused') return { kind: 'refused', message: remote.message, hint: remote.hint }
  const checked = await addressesOf(remote, rules)
  if (checked.kind === 'refused') return checked
  const jail = { ...needs, remote, addresses: checked.addresses }
  return inJail(jail, (home) => fetchInJail(jail, home).catch((error) => explain(error, needs)))
}

const addressesOf = async (remote: RemoteUrl, rules: AddressRules) =>
  remote.scheme === 'file' ? { kind: 'checked' as const, addresses: [] } : checkAddress(remote.host, rules)

/** Constant options; what came from outside was matched by our own grammar, and stands behind the end of options. */
export const fetchArgv = (url: string, branch: string, ref: string) => [
  'fetch',
  '--progress', // a large repository is long under way: only silence is a remote that has gone
  '--no-tags',
  '--no-recurse-submodules',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--end-of-options',
  url,
  `+refs/heads/${branch}:${ref}`,
]

async function fetchInJail({ repository, branch, remote }: FetchNeeds & JailNeeds, home: string): Promise<Fetched> {
  const env = jailEnvironment({ remote }, home)
  const guarded = Object.keys(env).filter((name) => name.startsWith('GIT_'))
  const git = simpleGit({
    baseDir: repository,
    allowEnvironment: guarded,
    timeout: { block: SILENCE_MS },
    maxConcurrentProcesses: 1,
  }).env(env)
  const ref = `refs/sluice/fetched/${encodeURIComponent(branch)}`
  await git.raw(fetchArgv(remote.text, branch, ref))
  const commit = await git.raw(['rev-parse', '--verify', '--end-of-options', ref])
  return { kind: 'fetched', commit: commit.trim() as Commit } // git's own word
}

/** The cause: git itself only adds that it could not read. */
const SSH_SAYS = /^(ssh: |Host key verification|.*Permission denied)/

function explain(error: unknown, { branch, url }: FetchNeeds): Fetched {
  if (!(error instanceof GitError)) throw error
  const text = error.message
  if (/couldn't find remote ref/i.test(text))
    return { kind: 'refused', message: `${url} has no branch ${branch}`, hint: 'Push it there, or link another branch' }
  const lines = text.split(/[\r\n]+/)
  const why = lines.find((one) => SSH_SAYS.test(one)) ?? lines.findLast((one) => /^(fatal|error):/.test(one))
  const line = why ?? text.slice(0, 300)
  return {
    kind: 'refused',
    message: `${url} could not be fetched: ${line.replace(/^(fatal|error): /, '')}`,
    hint: 'See that the address is right and that its deploy key may read it; then send the webhook again',
  }
}
