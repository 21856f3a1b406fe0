import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MUTANTS, plant } from '../../scripts/checks/mutants.mjs'

describe('the planted bugs', () => {
  it('are enough, and each has a name of its own', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(30)
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  })

  it.each(MUTANTS)('"$name" fits where it is planted, and the tests that ought to see it are there', (mutant) => {
    const source = readFileSync(mutant.file, 'utf8')
    expect(plant(source, mutant), `the text of it stands exactly once in ${mutant.file}`).toBeDefined()
    expect(mutant.tests.filter((file) => !existsSync(file))).toEqual([])
  })

  it('would be missed if their texts had changed', () => {
    const mutant = { text: 'a = 1', replacement: 'a = 2' }
    expect(plant('let a = 1', mutant)).toBe('let a = 2')
    expect(plant('let a = 3', mutant)).toBeUndefined()
    expect(plant('let a = 1; a = 1', mutant)).toBeUndefined()
  })
})
