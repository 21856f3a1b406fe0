import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../src/config.ts'

const folder = new URL('../docs/', import.meta.url)
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'))
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8')

/** Messages speak of settings that are none; HAProxy's start script has settings of its own. */
const OTHERS = ['messages.md', 'proxy.md']

describe.each(pages)('docs/%s', (page) => {
  it('names tests and pages that are there', () => {
    const tests = [...textOf(page).matchAll(/`(test\/[\w/-]+\.(?:test\.)?tsx?)`/g)].map(([, path]) => path ?? '')
    const links = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => `docs/${path}`)
    expect([...tests, ...links].filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([])
  })
})

describe.each(pages.filter((page) => !OTHERS.includes(page)))('docs/%s', (page) => {
  it('names settings that there are', () => {
    const known: readonly string[] = Object.values(SETTINGS).map(({ name }) => name)
    const named = [...textOf(page).matchAll(/`(SLUICE_[A-Z_]+)[`=]/g)].map(([, name]) => name ?? '')
    expect(named.filter((name) => !known.includes(name) && !name.endsWith('_'))).toEqual([])
  })
})
