import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readExpected } from './cases.ts'
import { normalise } from './normalise.mjs'

describe('the normaliser', () => {
  it('gives what was expected of the answers that were recorded', () => {
    const raw = JSON.parse(readFileSync(new URL('example-raw.json', import.meta.url), 'utf8'))
    expect(JSON.parse(JSON.stringify(normalise(raw)))).toEqual(readExpected('error-001-operator'))
  })
})
