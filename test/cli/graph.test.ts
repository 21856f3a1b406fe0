import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDesk } from './desk.ts'

/** Draws a workflow of these files. */
async function graph(files: Readonly<Record<string, string>>, ...words: string[]) {
  const { sluice, folder } = openDesk(() => Promise.reject(new Error('nothing is asked of a server')))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return { ...(await sluice('graph', ...words)), folder }
}

const DAILY = { 'daily.dig': '+a: {call>: lib/b.dig}\n+c: {echo>: 1}', 'lib/b.dig': '+b: {sh>: ./b}' }

describe('sluice graph', () => {
  it('draws the only workflow of the folder, with what it calls', async () => {
    const { code, out, err } = await graph(DAILY)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^<svg .*<\/svg>\n$/s)
    for (const name of ['+daily+a', '+daily+a^sub+b', '+daily+c']) expect(out).toContain(`<title>${name}\n`)
  })

  it('writes it for Mermaid', async () => {
    const { out } = await graph(DAILY, 'daily.dig', '--format', 'mermaid')
    expect(out).toMatch(/^flowchart LR\n {2}subgraph t0\["\+daily"\]\n/)
  })

  it('writes it to a file', async () => {
    const { folder, out, err } = await graph({ 'p/a.dig': '+x: {echo>: 1}' }, 'p/a.dig', '-o', 'a.svg')
    expect([out, err]).toEqual(['', 'Wrote a.svg\n'])
    expect(await readFile(join(folder, 'a.svg'), 'utf8')).toMatch(/^<svg /)
  })

  it('folds what is too large to see, and says so', async () => {
    const tasks = Array.from({ length: 1000 }, (_, at) => `+t${at}: {echo>: 1}\n`).join('')
    const { out, err } = await graph({ 'a.dig': tasks })
    expect(out).toContain('961 tasks more')
    expect(err).toBe(
      'The workflow has 1,000 tasks, more than a picture shows: some are folded, and it says how many.\n',
    )
  })

  it.each<[string, Readonly<Record<string, string>>, string[], RegExp]>([
    ['no workflow', {}, [], /There is no workflow here\n {2}A \.dig file at the top/],
    [
      'several',
      { 'a.dig': '+x: {echo>: 1}', 'b.dig': '+x: {echo>: 1}' },
      [],
      /There are 2 workflows here: a\.dig, b\.dig\n {2}Name one/,
    ],
    ['another name', DAILY, ['dayly.dig'], /There is no workflow dayly\.dig\n {2}Name a \.dig file/],
    ['a called file', DAILY, ['nix/b.dig'], /nix cannot be checked: it does not exist/],
    [
      'a place where nothing can be written',
      DAILY,
      ['-o', 'nix/a.svg'],
      /nix\/a\.svg cannot be written: no such file or directory\n {2}Name another file/,
    ],
    [
      'a broken project',
      { ...DAILY, 'b.dig': '+x: {shh>: 1}' },
      ['daily.dig'],
      /b\.dig:1:6 error: Unknown operator shh>/,
    ],
  ])('refuses %s in words', async (_, files, words, said) => {
    const { code, out, err } = await graph(files, ...words)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(said)
  })
})
