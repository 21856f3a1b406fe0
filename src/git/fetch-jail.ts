import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RemoteUrl } from './remote-url.ts'
import { makeScratch } from './scratch.ts'

export type JailNeeds = {
  readonly remote: RemoteUrl
  /** Of the remote's host, checked; ssh connects to the first. */
  readonly addresses: readonly string[]
  readonly deployKey: string | null
  readonly hostKeys: string | null
  readonly extraCa: string | null
  /** That http and https remotes are reached by: it resolves the name. */
  readonly proxy: string | null
  readonly maxBytes: number
}

/** git, held to a size of its files: a fetch writes one pack. The signal is ignored, so that git tells of it and ends in order. `ulimit` counts blocks of 512 bytes. */
export const LIMITED_GIT = 'limited-git'
const limitedGit = (maxBytes: number) =>
  `trap '' XFSZ\nulimit -f ${Math.ceil(maxBytes / 512)} || exit 1\nexec git "$@"\n`

/** The only settings that a fetch sees: a home of its own, for it alone. `home` has no character that a shell would read. */
export function jailFiles(needs: JailNeeds, home: string): Readonly<Record<string, string>> {
  const config = { '.gitconfig': gitConfig(needs, home), [LIMITED_GIT]: limitedGit(needs.maxBytes) }
  if (needs.remote.scheme !== 'ssh') return config
  return {
    ...config,
    ssh_config: sshConfig(needs, needs.remote, home),
    known_hosts: needs.hostKeys ?? '',
    key: needs.deployKey ?? '',
  }
}

function gitConfig({ remote, extraCa, proxy }: JailNeeds, home: string): string {
  const sections = [
    ['protocol', 'allow = never'],
    [`protocol "${remote.scheme}"`, 'allow = always'],
    ['core', 'hooksPath = /dev/null', 'fsmonitor = false'],
    ['transfer', 'fsckObjects = true', 'bundleURI = false', 'credentialsInUrl = die'],
    ['fetch', 'recurseSubmodules = false', 'unpackLimit = 1'],
    ['credential', 'helper ='],
    ['safe', 'directory = *'],
    ['http', 'followRedirects = false', 'lowSpeedLimit = 1000', 'lowSpeedTime = 60'],
  ]
  if (proxy !== null) sections.push(['http', `proxy = ${JSON.stringify(proxy)}`])
  if (extraCa !== null) sections.push(['http', `sslCAInfo = ${JSON.stringify(extraCa)}`])
  if (remote.scheme === 'ssh') sections.push(['core', `sshCommand = ssh -F ${home}/ssh_config`])
  return sections.map(([name, ...lines]) => `[${name}]\n${lines.map((line) => `\t${line}\n`).join('')}`).join('')
}

function sshConfig({ addresses }: JailNeeds, { host }: { host: string }, home: string): string {
  const lines = [
    `HostName ${addresses[0]}`,
    `HostKeyAlias ${host}`, // the keys were pinned under its name
    `IdentityFile ${home}/key`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${home}/known_hosts`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'BatchMode yes',
    'PreferredAuthentications publickey',
    'ClearAllForwardings yes',
    'ForwardAgent no',
    'ForwardX11 no',
    'PermitLocalCommand no',
    'ProxyCommand none',
    'ConnectTimeout 15',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 4',
  ]
  return `Host *\n${lines.map((line) => `  ${line}\n`).join('')}`
}

/** git's environment in the jail; `GIT_ALLOW_PROTOCOL` outranks every setting. */
export const jailEnvironment = ({ remote }: Pick<JailNeeds, 'remote'>, home: string) => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'none'),
  LC_ALL: 'C',
  GIT_ALLOW_PROTOCOL: remote.scheme,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PROTOCOL_FROM_USER: '0',
})

/** Calls `act` with a home of its own, which is gone afterwards. */
export async function inJail<Result>(needs: JailNeeds, act: (home: string) => Promise<Result>): Promise<Result> {
  const home = await makeScratch('fetch')
  try {
    if (!/^[A-Za-z0-9/_.-]+$/.test(home))
      throw new Error(`the temporary folder ${home} has characters that a shell reads`)
    await mkdir(join(home, 'none'))
    for (const [name, text] of Object.entries(jailFiles(needs, home)))
      await writeFile(join(home, name), text, { mode: 0o600 })
    return await act(home)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
