import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { evaluateTask, evaluateText } from '../../src/workflow/evaluate.ts'
import { parseTemplate } from '../../src/workflow/template.ts'

describe('a task', () => {
  let expressions: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    expressions = await openExpressions()
  })
  afterAll(() => expressions.close())
  const evaluate = (config: JsonObject, params: JsonObject = {}) =>
    evaluateTask({ config, params, expressions, timezone: 'UTC' })
  const local = (config: JsonObject, params: JsonObject = {}) => {
    const task = evaluate(config, params)
    return task.ok ? task.local : task.message
  }

  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      'gives texts',
      { a: '${1+1}', b: '${[1]}', c: '${null}', d: '${ {x:1} }' },
      {},
      { a: '2', b: '[1]', c: '', d: '{"x":1}' },
    ],
    ['sees params', { 'echo>': 'hello ${name}' }, { name: 'Ana' }, { 'echo>': 'hello Ana' }],
    ['sees evaluated keys before it', { a: '${x}', b: '${a}!' }, { x: 'X' }, { a: 'X', b: 'X!' }],
    ['sees exports evaluated, they come first', { 'echo>': '${e}' }, { x: 'X', e: '${x}' }, { 'echo>': 'X' }],
    [
      'sees an exported text raw inside a nested mapping',
      { _env: { E: 'x${t}' } },
      { t: '${1+1}' },
      { _env: { E: 'x${1+1}' } },
    ],
    [
      'lets lists see the keys around them',
      { a: '1', list: ['${a}', { b: '${c}' }] },
      { c: 'C' },
      { a: '1', list: ['1', { b: 'C' }] },
    ],
    [
      'leaves bodies for later',
      { 'loop>': '${n}', _do: { 'echo>': '${i}' } },
      { n: 3 },
      { 'loop>': '3', _do: { 'echo>': '${i}' } },
    ],
    ['keeps numbers, lists and nulls', { a: 1, b: [true], c: null }, {}, { a: 1, b: [true], c: null }],
    ['leaves secrets to operators', { 'sh>': '${secret:pg.password}' }, {}, { 'sh>': '${secret:pg.password}' }],
    ['evaluates within what is left to operators', { a: '${secret:${k}}' }, { k: 'key' }, { a: '${secret:key}' }],
    [
      'collapses $$',
      { a: 'a$$$b', b: '$${x}', c: '$$${x}', d: 'p${x}m$$m${x}s' },
      { x: 'V' },
      { a: 'a$$b', b: '$V', c: '$V', d: 'pVm$mVs' },
    ],
    ['keeps an unclosed template', { a: '${x} ${y $$ ${x}' }, { x: 1 }, { a: '1 ${y $ ${x}' }],
    ['gives nothing for ${}', { a: '[${}]' }, {}, { a: '[]' }],
    ['counts braces', { a: '${(function () { return {a: 1}.a })()}' }, {}, { a: '1' }],
  ])('%s', (_, config, params, expected) => {
    expect(local(config, params)).toEqual(expected)
  })

  it('quotes the whole text of a template that fails', () => {
    expect(local({ 'echo>': 'hello ${x}!' })).toBe(
      'Failed to evaluate a variable hello ${x}! (ReferenceError: x is not defined) (config)',
    )
  })

  it('breaks on a broken export, used or not', () => {
    expect(local({ 'echo>': 'x' }, { e: '${nope}' })).toContain('Failed to evaluate a variable ${nope}')
  })

  it('does not evaluate what a failed task said', () => {
    const error = { message: 'Failed to evaluate a variable ${nope}', stacktrace: '' }
    expect(local({ 'echo>': '${error.message}' }, { error })).toEqual({ 'echo>': error.message })
  })

  it('leaves _check and _error out, and puts own keys above params', () => {
    expect(evaluate({ a: 1, _error: { 'echo>': '${x}' } }, { a: 0, b: '${timezone}', timezone: 'UTC' })).toEqual({
      ...{ ok: true, local: { a: 1 }, params: { a: 1, b: 'UTC', timezone: 'UTC' } },
    })
  })

  it('evaluates the text of a file with its params', () => {
    expect(evaluateText('select ${a}', { params: { a: 1 }, expressions, timezone: 'UTC' })).toEqual({
      ok: true,
      text: 'select 1',
    })
  })

  it('cuts a long run of dollars in time', () => {
    expect(parseTemplate('${'.repeat(50_000)).length).toBe(1)
    expect(parseTemplate('${a:'.repeat(50_000)).length).toBe(1)
  })
})
