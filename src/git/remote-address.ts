import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { type Proxies, proxyOf } from './proxy-of.ts'
import type { RemoteUrl } from './remote-url.ts'

/** What a name resolves to; every one of them was checked. */
export type CheckedAddress =
  | { readonly kind: 'checked'; readonly addresses: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

export type AddressRules = {
  /** Names and networks (`10.1.0.0/16`) that may be private. */
  readonly privateRemotes: readonly string[]
  /** Loopback is allowed too: for trying things out. */
  readonly isLocalAllowed: boolean
  /** The proxies that this server reaches the network by. */
  readonly proxies: Proxies
}

type Resolve = (host: string) => Promise<readonly string[]>

const resolveAll: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address)

/**
 * What `checkAddress` says of a remote. Where a proxy stands between, the proxy resolves the name: one that has no address here is left to it,
 * while one that has is still checked, so that the proxy is not asked for what this network keeps private.
 */
export async function checkRemote(
  remote: RemoteUrl,
  rules: AddressRules,
  resolve: Resolve = resolveAll,
): Promise<CheckedAddress> {
  if (remote.scheme === 'file') return { kind: 'checked', addresses: [] }
  if (proxyOf(remote, rules.proxies) === null) return checkAddress(remote.host, rules, resolve)
  const known = await resolve(remote.host).catch(() => [])
  if (known.length === 0) return { kind: 'checked', addresses: [] }
  return checkAddress(remote.host, rules, async () => known)
}

/**
 * Resolves a remote's host and refuses it when any of its addresses is not a public one: a server must not be talked into reaching what only it can reach.
 * The caller pins the addresses, so that the name cannot mean something else a moment later.
 */
export async function checkAddress(
  host: string,
  rules: AddressRules,
  resolve: Resolve = resolveAll,
): Promise<CheckedAddress> {
  const addresses = await resolve(host).catch(() => [])
  if (addresses.length === 0)
    return { kind: 'refused', message: `The name ${host} has no address`, hint: 'Look for a typing error' }
  const refused = rules.privateRemotes.includes(host) ? [] : addresses.filter((address) => !isAllowed(address, rules))
  if (refused.length === 0) return { kind: 'checked', addresses }
  return {
    kind: 'refused',
    message: `${isIP(host) === 0 ? `${host} is at ${refused.join(', ')}, which` : host} is not a public address`,
    hint: `If this is a forge of your own network, the operator allows it with SLUICE_PRIVATE_REMOTES=${host}`,
  }
}

function isAllowed(address: string, { privateRemotes, isLocalAllowed }: AddressRules): boolean {
  if (isLocalAllowed && isIn(LOOPBACK, address)) return true
  return !isIn(PRIVATE, address) || isIn(privateRemotes, address)
}

const LOOPBACK = ['127.0.0.0/8', '::1/128']

/** IANA's special-purpose registries, and what carries an IPv4 address inside. */
const PRIVATE = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/3', '::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23'],
  ...['2001:db8::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
]

function isIn(networks: readonly string[], address: string): boolean {
  const list = new BlockList()
  const version = isIP(address)
  for (const network of networks) {
    const [base = '', bits] = network.split('/')
    if (isIP(base) !== version) continue // a name, or of the other kind: a BlockList takes every IPv4 address for an IPv6 one too
    const width = version === 6 ? 128 : 32
    list.addSubnet(base, Math.min(Number(bits ?? width), width), familyOf(version))
  }
  return list.check(address, familyOf(version))
}

const familyOf = (version: number) => (version === 6 ? 'ipv6' : 'ipv4')
