import { expect, it } from 'vitest'
import { leadsOut } from '../../src/workflow/inside-path.ts'

it.each([
  ['link', 'file', false],
  ['link', './folder/file', false],
  ['folder/link', '../file', false],
  ['folder/link', '../other/../file', false],
  ['link', 'gone/../../file', true],
  ['link', '../file', true],
  ['folder/link', '../../file', true],
  ['link', '/etc/passwd', true],
  ['folder/link', '..', false],
])('a link %s to %s leads out: %s', (path, target, isOut) => {
  expect(leadsOut(path, target)).toBe(isOut)
})
