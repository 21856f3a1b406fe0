import { join } from 'node:path'
import { GitError, simpleGit } from 'simple-git'
import type { Commit } from '../brand.ts'
import { inJail, type JailNeeds, jailEnvironment, LIMITED_GIT } from './fetch-jail.ts'
import { clearLocks, removePartialPacks } from './leftovers.ts'
import { openPin, type Pin } from './pin.ts'
import { proxyOf } from './proxy-of.ts'
import { type AddressRules, checkRemote } from './remote-address.ts'
import { isBranchName, parseRemoteUrl, type RemoteUrl } from './remote-url.ts'

export type FetchNeeds = Pick<JailNeeds, 'deployKey' | 'hostKeys' | 'extraCa'> & {
  /** Path of the bare repository. */
  readonly repository: string
  readonly url: string
  readonly branch: string
  readonly rules: AddressRules
  /** Most bytes of one pack: git is stopped at the first byte more. */
  readonly maxBytes: number
  readonly maxMs?: number
}

export type Fetched =
  | { readonly kind: 'fetched'; readonly commit: Commit }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/** Longest silence of a remote, and longest fetch: one that trickles would never be silent. */
const SILENCE_MS = 120_000
const MAX_MS = 1_800_000

/** Brings one branch of a remote into a bare repository, under `refs/sluice/`, and says where the remote has it. Nothing of a worktree, no submodule, no tag. */
export async function fetchBranch(needs: FetchNeeds): Promise<Fetched> {
  const { branch, url, rules } = needs
  if (!isBranchName(branch)) return { kind: 'refused', message: `${branch} is no name of a branch`, hint: 'Link again' }
  const remote = parseRemoteUrl(url, rules.isLocalAllowed)
  if (remote.scheme === 'refused') return { kind: 'refused', message: remote.message, hint: remote.hint }
  const upstream = proxyOf(remote, rules.proxies)
  const checked = await checkRemote(remote, rules)
  if (checked.kind === 'refused') return checked
  const { addresses } = checked
  const pin = isHttp(remote) && upstream === null ? await openPin({ ...remote, addresses }) : null
  try {
    return await fetchBy({ ...needs, remote, addresses, proxy: pin?.proxy ?? upstream }, pin)
  } finally {
    await pin?.close()
  }
}

const isHttp = (remote: RemoteUrl): remote is Exclude<RemoteUrl, { scheme: 'file' }> =>
  remote.scheme === 'https' || remote.scheme === 'http'

async function fetchBy(needs: FetchNeeds & JailNeeds, pin: Pin | null): Promise<Fetched> {
  const tooLong = AbortSignal.timeout(needs.maxMs ?? MAX_MS)
  await removePartialPacks(needs.repository)
  return inJail(needs, (home) =>
    fetchInJail(needs, home, tooLong).catch(async (error) => {
      await removePartialPacks(needs.repository)
      if (tooLong.aborted) return tookTooLong(needs)
      return unreachable(needs, pin?.whyUnreachable() ?? null) ?? explain(error, needs)
    }),
  )
}

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

async function fetchInJail(
  { repository, branch, remote }: FetchNeeds & JailNeeds,
  home: string,
  tooLong: AbortSignal,
): Promise<Fetched> {
  const env = jailEnvironment({ remote }, home)
  const guarded = Object.keys(env).filter((name) => name.startsWith('GIT_'))
  const git = simpleGit({
    baseDir: repository,
    binary: ['sh', join(home, LIMITED_GIT)],
    abort: tooLong,
    allowEnvironment: guarded,
    timeout: { block: SILENCE_MS },
    maxConcurrentProcesses: 1,
  }).env(env)
  const ref = `refs/sluice/fetched/${encodeURIComponent(branch)}`
  await clearLocks(repository, ref)
  await git.raw(fetchArgv(remote.text, branch, ref))
  const commit = await git.raw(['rev-parse', '--verify', '--end-of-options', ref])
  return { kind: 'fetched', commit: commit.trim() as Commit } // git's own word
}

const unreachable = ({ url }: FetchNeeds, why: string | null): Fetched | null =>
  why === null
    ? null
    : {
        kind: 'refused',
        message: `${url} could not be reached: ${why}`,
        hint: 'See that the address is right and that this server may reach it; then send the webhook again',
      }

/** The cause: git itself only adds that it could not read. */
const SSH_SAYS = /^(ssh: |Host key verification|.*Permission denied)/

function explain(error: unknown, { branch, url, maxBytes }: FetchNeeds): Fetched {
  if (!(error instanceof GitError)) throw error
  const text = error.message
  if (/File too large/.test(text)) return tooLarge(url, maxBytes)
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

const tooLarge = (url: string, maxBytes: number): Fetched => ({
  kind: 'refused',
  message: `${url} sends more than ${Math.floor(maxBytes / 2 ** 20)} MiB, the limit for a fetch, and was stopped`,
  hint: 'Take large files out of its history, or link a repository without them; the operator may raise SLUICE_MAX_SOURCE',
})

const tookTooLong = ({ url, maxMs = MAX_MS }: FetchNeeds): Fetched => ({
  kind: 'refused',
  message: `${url} was not fetched after ${Math.ceil(maxMs / 60_000)} minutes, and was stopped`,
  hint: 'See why it sends so slowly, then send the webhook again',
})
