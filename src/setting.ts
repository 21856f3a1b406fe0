import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type Registry, readRegistry } from './environment/registry.ts'
import { isEnvironmentName } from './workflow/names.ts'

/** Of one environment variable: its name, what holds without it, what it is for, and how its text is read. */
export type Setting<T> = {
  readonly name: string
  readonly unset: T
  readonly purpose: string
  /** Throws an `Unfit` that finishes the sentence “NAME is “text”, …”. */
  readonly parse: (text: string) => T
}

export class Unfit extends Error {}

export const setting = <T>(name: string, unset: T, purpose: string, parse: (text: string) => T): Setting<T> => ({
  name,
  unset,
  purpose,
  parse,
})

export const text = (raw: string): string | null => raw

export function oneOf<const Word extends string>(...words: readonly Word[]) {
  return (raw: string): Word => {
    const word = words.find((one) => one === raw)
    if (word === undefined) throw new Unfit(`which is none of ${words.join(', ')}`)
    return word
  }
}

export function yesOrNo(raw: string): boolean {
  return oneOf('0', '1')(raw) === '1'
}

export function whole(raw: string): number {
  if (!/^[1-9]\d{0,14}$/.test(raw)) throw new Unfit('which is not a whole number above 0')
  return Number(raw)
}

export function fraction(raw: string): number {
  if (!/^\d+(\.\d+)?$/.test(raw) || Number(raw) <= 0) throw new Unfit('which is not a number above 0')
  return Number(raw)
}

const UNITS = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** 1024-based, as Docker reads them: `512m`, `512MiB`, `1g`, or bytes. */
export function bytes(raw: string): number {
  const [, count, unit] = /^(\d{1,9}(?:\.\d+)?) ?([kmg]?)(?:i?b)?$/.exec(raw.toLowerCase()) ?? []
  const factor = UNITS[unit as keyof typeof UNITS] // the pattern allows no other
  if (count === undefined || Number(count) === 0) throw new Unfit('which is not a size such as 512m or 2GiB')
  return Math.round(Number(count) * factor)
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Milliseconds. */
export function duration(raw: string): number {
  const [, count, unit] = /^(\d{1,9})(s|m|h|d)$/.exec(raw) ?? []
  if (count === undefined) throw new Unfit('which is not a length of time such as 30s, 5m, 2h or 1d')
  return Number(count) * SECONDS[unit as keyof typeof SECONDS] * 1_000
}

/** Null: for ever. */
export const durationOrForever = (raw: string): number | null => (raw === 'forever' ? null : duration(raw))

export function environmentName(raw: string): string | null {
  if (!isEnvironmentName(raw)) throw new Unfit('which is no name of small letters, digits, - and _ such as staging')
  return raw
}

export const folder = (raw: string): string | null => resolve(raw)

export const words = (raw: string): readonly string[] => raw.split(/[\s,]+/).filter((word) => word !== '')

export function url(...protocols: readonly string[]) {
  return (raw: string): string | null => {
    const protocol = URL.canParse(raw) ? new URL(raw).protocol : ''
    if (!protocols.includes(protocol))
      throw new Unfit(`which is no address that begins with ${protocols.join('// or ')}//`)
    return raw
  }
}

/** Addresses and networks, as `10.0.0.1` or `10.1.0.0/16`. */
export function networks(raw: string): readonly string[] {
  const all = words(raw)
  const odd = all.find((one) => !isNetwork(one))
  if (odd !== undefined) throw new Unfit(`and ${odd} is no network such as 172.18.0.0/16 or 10.0.0.7`)
  return all
}

function isNetwork(text: string): boolean {
  const [base = '', bits = '1', more] = text.split('/')
  const width = isIP(base) === 6 ? 128 : 32
  return isIP(base) !== 0 && more === undefined && /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= width
}

export type Listen = { readonly host: string; readonly port: number }

/** `host:port`, `host`, `:port` or `port`; an IPv6 address in brackets. */
export function listen(raw: string): Listen {
  const [, host, port] =
    /^(\[[0-9a-f:.]+\]|[a-z0-9.-]*[a-z.-][a-z0-9.-]*|\d+(?:\.\d+){3})?:?(\d{1,5})?$/i.exec(raw) ?? []
  if ((host ?? port) === undefined || Number(port ?? 0) > 65_535) throw new Unfit('which is not host:port')
  return { host: host?.replace(/^\[|\]$/g, '') ?? LISTEN.host, port: Number(port ?? LISTEN.port) }
}
export const LISTEN: Listen = { host: '127.0.0.1', port: 8080 }

export function password(raw: string): string | null {
  if (raw.length < 8 || raw.length > 1024) throw new Unfit('which is not of 8 to 1024 characters')
  return raw
}

/** 32 bytes, as 64 hex digits. */
export function key(raw: string): Buffer | null {
  if (!/^[0-9a-f]{64}$/i.test(raw)) throw new Unfit('which is not 64 hex digits')
  return Buffer.from(raw, 'hex')
}

export function registry(raw: string): Registry | null {
  const it = readRegistry(raw)
  if (it === undefined) throw new Unfit('which is not [user:password@]host:port[/path], without http://')
  return it
}
