import { expect, it } from 'vitest'
import { findStrayLink } from '../../src/workflow/inside-path.ts'

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
  expect(findStrayLink(new Map([[path, target]]))).toEqual(isOut ? { path, target } : undefined)
})

it.each([
  [{ 'a/b/up': '../..', out: 'a/b/up/..' }, 'out'],
  [{ 'a/b/up': '../..', in: 'a/b/up/file' }, undefined],
  [{ here: '.', out: 'here/here/../x' }, 'out'],
  [{ one: 'two', two: 'one' }, undefined],
  [{ one: 'two/..', two: 'three', three: '/' }, 'one'],
])('of the links %j the first that leads out by way of others is %s', (links, path) => {
  expect(findStrayLink(new Map(Object.entries(links)))?.path).toBe(path)
})
