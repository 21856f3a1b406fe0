import { BlockList, isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import type { Env } from './env.ts'

export type TrustsProxy = (address: string) => boolean

/** `networks` are addresses and networks (`10.1.0.0/16`). */
export function trustProxies(networks: readonly string[]): TrustsProxy {
  const trusted = new BlockList()
  for (const network of networks) {
    const [base = '', bits] = network.split('/')
    trusted.addSubnet(base, Number(bits ?? (isIP(base) === 6 ? 128 : 32)), familyOf(base))
  }
  return (address) => isIP(address) !== 0 && trusted.check(address, familyOf(address))
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Comes before everything that asks for the client. */
export function identifyClient(trustsProxy: TrustsProxy): MiddlewareHandler<Env> {
  return async (c, next) => {
    const peer = peerOf(c)
    const forwarded = trustsProxy(peer) ? readForwarded(c) : {}
    const { protocol, host } = new URL(c.req.url)
    const isSecure = forwarded.isSecure ?? protocol === 'https:'
    const origin = `${isSecure ? 'https' : 'http'}://${host}`
    c.set('client', { address: forwarded.address ?? peer, isSecure, origin })
    return next()
  }
}

/** Only the last address was written by the proxy that speaks to us: what is before it, anybody may have written. */
function readForwarded(c: Context): { address?: string; isSecure?: boolean } {
  const address = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ''
  const scheme = c.req.header('x-forwarded-proto')
  return {
    ...(isIP(address) !== 0 && { address }),
    ...(scheme !== undefined && { isSecure: scheme === 'https' }),
  }
}

/** IPv4 in its own words: a server that listens on `::` sees it as `::ffff:10.0.0.1`. */
function peerOf(c: Context): string {
  const env: Partial<HttpBindings> | undefined = c.env
  return env?.incoming?.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? 'unknown'
}
