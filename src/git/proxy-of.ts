import { BlockList, isIP } from 'node:net'
import type { RemoteUrl } from './remote-url.ts'

/** `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and their small twins, by name. */
export type Proxies = Readonly<Record<string, string | undefined>>

/** The proxy that a remote is fetched through, as curl reads these variables; null: directly, as ssh and files always are. */
export function proxyOf(remote: RemoteUrl, proxies: Proxies): string | null {
  if (remote.scheme !== 'https' && remote.scheme !== 'http') return null
  const name = `${remote.scheme}_proxy`
  const proxy = proxies[name] || proxies[name.toUpperCase()]
  if (!proxy) return null
  const exceptions = (proxies.no_proxy || proxies.NO_PROXY || '').split(/[\s,]+/)
  return exceptions.some((one) => isMeant(one.toLowerCase(), remote.host)) ? null : proxy
}

/** `*`, an address, a network, or a domain with all below it. */
function isMeant(exception: string, host: string): boolean {
  const domain = exception.replace(/^\*?\./, '')
  if (domain === '') return false
  if (domain === '*' || domain === host || host.endsWith(`.${domain}`)) return true
  return isInNetwork(domain, host)
}

function isInNetwork(network: string, host: string): boolean {
  const [base = '', bits = ''] = network.split('/')
  if (isIP(host) !== 4 || isIP(base) !== 4 || !/^\d+$/.test(bits) || Number(bits) > 32) return false
  const list = new BlockList()
  list.addSubnet(base, Number(bits))
  return list.check(host)
}
