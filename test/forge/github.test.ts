import { createHmac } from 'node:crypto'
import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { describe, expect, it } from 'vitest'
import { cloneUrls, parseGithub, verifyGithub } from '../../src/forge/github.ts'

// Its types describe a default export that a JSON module does not have.
const LISTED = examples as unknown as readonly { readonly name: string; readonly examples: readonly object[] }[]

const sign = (text: string, secret = 'secret') => `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`

describe('every kind of webhook that GitHub sends', () => {
  it('is verified and read', async () => {
    const kinds = new Map<string, number>()
    for (const { name, examples: bodies } of LISTED) {
      for (const example of bodies) {
        const text = JSON.stringify(example)
        expect(await verifyGithub('secret', text, sign(text))).toBe(true)
        expect(await verifyGithub('secret', `${text} `, sign(text))).toBe(false)
        const { kind } = parseGithub(name, text)
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }
    }
    expect(kinds.get('push')).toBeGreaterThan(0)
    expect(kinds.get('ping')).toBeGreaterThan(0)
    expect([...kinds.values()].reduce((sum, count) => sum + count)).toBeGreaterThan(300)
  })
})

describe('a push at GitHub', () => {
  it('names its branch, its commit and who pushed', () => {
    const text = JSON.stringify({ ref: 'refs/heads/feature/a', after: 'a'.repeat(40), pusher: { name: 'ana' } })
    expect(parseGithub('push', text)).toEqual({
      kind: 'push',
      branch: 'feature/a',
      ref: 'refs/heads/feature/a',
      commit: 'a'.repeat(40),
      pushedBy: 'ana',
    })
  })

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"ref":1}',
    '{"ref":"refs/heads/x"}',
    '{"ref":"refs/heads/x","after":null}',
    '{',
  ])('that reads %j asks for nothing', (text) => expect(parseGithub('push', text).kind).toBe('other'))

  it('that came as a form says how it would be read', () => {
    expect(parseGithub('push', 'payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D')).toEqual({
      kind: 'other',
      ref: null,
      reason: 'it came as a form: set the content type of the webhook to application/json',
    })
  })

  it('tells by which addresses it may be linked', () => {
    const repository = { clone_url: 'https://github.com/a/b.git', ssh_url: 'git@github.com:a/b.git', git_url: 7 }
    expect(cloneUrls(JSON.stringify({ repository }))).toEqual(['https://github.com/a/b.git', 'git@github.com:a/b.git'])
    expect(cloneUrls('"x"')).toEqual([])
  })
})

describe('a signature', () => {
  it('needs a secret', async () => {
    expect(await verifyGithub('', 'x', sign('x', ''))).toBe(false)
  })
})
