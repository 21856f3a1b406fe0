import { describe, expect, it } from 'vitest'
import { makeDeployKey, scanHostKeys } from '../../src/git/ssh-keys.ts'
import { freePort } from '../support/stores.ts'

describe('a deploy key', () => {
  it('is an ed25519 pair without a passphrase', async () => {
    const { privateKey, publicKey } = await makeDeployKey('sluice shop')
    expect(privateKey).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/)
    expect(publicKey).toMatch(/^ssh-ed25519 \S+ sluice shop$/)
  })
})

describe('the keys of a host', () => {
  it('are none when it does not answer', async () => {
    expect(await scanHostKeys({ host: 'host', address: '127.0.0.1', port: await freePort() })).toEqual([])
  })
})
