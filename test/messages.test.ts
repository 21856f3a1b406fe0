import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Files of test/messages by the door at which people read them: each begins with one of these words. */
const DOORS = {
  push: 'git push',
  clone: 'git clone and fetch',
  webhook: 'Webhooks',
  link: 'sluice link, and the form of the project’s page',
  database: 'Start of the server',
  port: 'Start of the server',
  setting: 'Start of the server',
  engine: 'Start of the server',
  proxy: 'Start of the proxy',
  task: 'Tasks',
} as const

const folder = new URL('messages/', import.meta.url)
const names = readdirSync(folder)
  .map((file) => file.replace(/\.txt$/, ''))
  .sort()

const doorOf = (name: string) => DOORS[(name.split('-')[0] ?? '') as keyof typeof DOORS]

const section = (name: string) =>
  `### ${name}\n\n\`\`\`text\n${readFileSync(new URL(`${name}.txt`, folder), 'utf8').trimEnd()}\n\`\`\`\n`

describe('the messages', () => {
  it('all belong to a door', () => {
    expect(names.filter((name) => doorOf(name) === undefined)).toEqual([])
  })

  /** `npx vitest run -u test/messages.test.ts` writes the page anew. */
  it('are all in docs/messages.md', async () => {
    const doors = [...new Set(Object.values(DOORS))].filter((door) => names.some((name) => doorOf(name) === door))
    const parts = doors.map((door) => [`## ${door}\n`, ...names.filter((name) => doorOf(name) === door).map(section)])
    const page = `# Messages\n\nWhat Sluice says when something is wrong, or worth saying: what happened, why, and what to do next. Each text is compared by a test at the door where people read it; names, ids and commits are examples.\n\n${parts.flat().join('\n')}`
    await expect(page).toMatchFileSnapshot('../docs/messages.md')
  })
})
