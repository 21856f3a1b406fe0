import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { evaluateText } from '../../src/workflow/evaluate.ts'
import { builtInParams } from '../../src/workflow/params.ts'

type Outcome = { readonly gives: string } | { readonly fails: string }
type Case = Outcome & { readonly text: string; readonly ours?: Outcome; readonly because?: string }
type Group = {
  readonly timezone: string
  readonly sessionTime: string
  readonly params: JsonObject
  readonly cases: readonly Case[]
}
type Recorded = { readonly reasons: Readonly<Record<string, string>>; readonly groups: readonly Group[] }

const { reasons, groups }: Recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8'))
const facts = { sessionUuid: 'u', sessionId: '1', attemptId: '1', projectId: '1', taskName: '+main+a' }

describe("texts of Digdag's own engine", () => {
  let expressions: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    expressions = await openExpressions()
  })
  afterAll(() => expressions.close())

  function evaluate({ timezone, sessionTime, params }: Group, text: string): Outcome {
    const builtIn = builtInParams({ ...facts, timezone, sessionTime: new Date(sessionTime) })
    const result = evaluateText(text, { params: { ...params, ...builtIn }, expressions, timezone })
    return result.ok ? { gives: result.text } : { fails: cut(result.message, text) }
  }

  /** What is in parentheses; of a syntax error nothing, since it is the engine's own. */
  function cut(message: string, text: string): string {
    const head = `Failed to evaluate a variable ${text} (`
    expect([message.slice(0, head.length), message.slice(-10)]).toEqual([head, ') (config)'])
    const words = message.slice(head.length, -10)
    return words.replace(/^SyntaxError: <function>:\d+:\d+ [^\n]+\n[^\n]*\n *\^$/, 'SyntaxError: …')
  }

  it.each(groups)('are the same here, or differ as written ($timezone)', (group) => {
    const seen = group.cases.map(({ text }) => ({ text, ...evaluate(group, text) }))
    expect(seen).toEqual(group.cases.map(({ text, ours, because: _, ...theirs }) => ({ text, ...(ours ?? theirs) })))
  })

  it('differ for a reason', () => {
    const differing = groups.flatMap(({ cases }) => cases.filter(({ ours }) => ours !== undefined))
    expect([...new Set(differing.map(({ because }) => because))].toSorted()).toEqual(Object.keys(reasons).toSorted())
    const all = groups.flatMap(({ cases }) => cases).length
    expect([all, differing.length]).toEqual([1120, 194])
  })
})
