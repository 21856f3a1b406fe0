import { describe, expect, it } from 'vitest'
import { checkAddress } from '../../src/git/remote-address.ts'

const RULES = { privateRemotes: [], isLocalAllowed: false, proxies: {} }
const at =
  (...addresses: string[]) =>
  async () =>
    addresses
const kindOf = async (address: string, rules: Parameters<typeof checkAddress>[1] = RULES) =>
  (await checkAddress('host.example', rules, at(address))).kind

describe('the address of a remote', () => {
  it.each(['140.82.121.3', '2606:50c0:8000::154', '1.1.1.1'])('%s is public', async (address) => {
    expect(await kindOf(address)).toBe('checked')
  })

  it.each([
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.9.9.9',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
    ],
    ...[
      '192.168.1.1',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:10.0.0.1',
      '::ffff:127.0.0.1',
    ],
    ...['::7f00:1', '64:ff9b::a00:1', '2002:7f00:1::', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1'],
  ])('%s is not', async (address) => {
    expect(await kindOf(address)).toBe('refused')
  })

  it('is refused when one of several is private: git might take that one', async () => {
    expect(await checkAddress('host.example', RULES, at('1.1.1.1', '10.0.0.1'))).toMatchObject({
      kind: 'refused',
      message: 'host.example is at 10.0.0.1, which is not a public address',
    })
  })

  it('may be private where its name or network was opened', async () => {
    expect(await kindOf('10.1.2.3', { ...RULES, privateRemotes: ['host.example'] })).toBe('checked')
    expect(await kindOf('10.1.2.3', { ...RULES, privateRemotes: ['10.1.0.0/16'] })).toBe('checked')
    expect(await kindOf('10.2.2.3', { ...RULES, privateRemotes: ['10.1.0.0/16', 'other.example'] })).toBe('refused')
    expect(await kindOf('127.0.0.1', { ...RULES, isLocalAllowed: true, proxies: {} })).toBe('checked')
    expect(await kindOf('10.0.0.1', { ...RULES, isLocalAllowed: true, proxies: {} })).toBe('refused')
  })

  it('is missed when the name has none', async () => {
    expect(await checkAddress('host.example', RULES, async () => Promise.reject(new Error('ENOTFOUND')))).toMatchObject(
      {
        message: 'The name host.example has no address',
      },
    )
  })

  it.each(['2130706433', '0x7f.1', '017700000001'])('written as %s is seen through', async (host) => {
    expect((await checkAddress(host, RULES)).kind).toBe('refused')
  })
})
