import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { seal, unseal } from '../../src/db/sealed.ts'

const key = randomBytes(32)

describe('a sealed secret', () => {
  it('opens with its key in its place', () => {
    expect(unseal(key, 'links.deploy_key/1', seal(key, 'links.deploy_key/1', 'schön'))).toBe('schön')
  })

  it('never looks the same twice', () => {
    expect(seal(key, 'a', 'x')).not.toEqual(seal(key, 'a', 'x'))
  })

  it('does not open with another key, in another place, or changed', () => {
    const sealed = seal(key, 'links.deploy_key/1', 'x')
    const changed = Buffer.from(sealed)
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    for (const open of [
      () => unseal(randomBytes(32), 'links.deploy_key/1', sealed),
      () => unseal(key, 'links.deploy_key/2', sealed),
      () => unseal(key, 'links.deploy_key/1', changed),
    ])
      expect(open).toThrow('it was sealed with another key')
  })
})
