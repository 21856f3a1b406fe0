import { describe, expect, it } from 'vitest'
import { findCredentials, readRegistry, repositoryOf } from '../../src/environment/registry.ts'

describe('the address of a registry', () => {
  it.each([
    ['registry:5000', 'registry:5000', 'registry:5000', null],
    ['127.0.0.1:5000/team/a', '127.0.0.1:5000', '127.0.0.1:5000/team/a', null],
    ['localhost', 'localhost', 'localhost', null],
    ['ghcr.io/acme/', 'ghcr.io', 'ghcr.io/acme', null],
    ['[::1]:5000', '[::1]:5000', '[::1]:5000', null],
    ['ana:river%3Aflow%40@r.example.com', 'r.example.com', 'r.example.com', { user: 'ana', password: 'river:flow@' }],
  ])('is read of %s', (text, host, address, credentials) => {
    expect(readRegistry(text)).toEqual({ host, address, credentials })
  })

  it.each(['http://r:5000', 'registry', 'r:5000/UPPER', 'ana@r:5000', ':x@r:5000', 'a:%@r:5000', 'r:5000/a b', ''])(
    'is not “%s”',
    (text) => {
      expect(readRegistry(text)).toBeUndefined()
    },
  )

  it('begins the names of its images', () => {
    const registry = { address: 'r:5000/team', host: 'r:5000', credentials: null }
    expect(repositoryOf(registry, 'sluice/weather:1f0c')).toBe('r:5000/team/sluice/weather')
    expect(repositoryOf(registry, 'sluice/base')).toBe('r:5000/team/sluice/base')
  })
})

describe('what docker login left', () => {
  const config = (auth: unknown) => JSON.stringify({ auths: { 'r:5000': { auth } } })
  const ana = Buffer.from('ana:river:flow').toString('base64')

  it.each([
    [config(ana), 'r:5000', { user: 'ana', password: 'river:flow' }],
    [config(ana), 'other:5000', null],
    [config(7), 'r:5000', null],
    [config(''), 'r:5000', null],
    ['{', 'r:5000', null],
    ['null', 'r:5000', null],
    ['', 'r:5000', null],
  ])('of %s for %s', (text, host, credentials) => {
    expect(findCredentials(text, host)).toEqual(credentials)
  })
})
