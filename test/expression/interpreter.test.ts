import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { describe, expect, it } from 'vitest'
import { writeParams } from '../../src/expression/exchange.ts'
import { Interpreter } from '../../src/expression/interpreter.ts'

/** Without the thread around it, which would end what the interpreter lets go on. */
describe('the interpreter itself', () => {
  it.each([
    ["'x'.repeat(2 ** 26).length", 'memory'],
    ['(function () { for (;;) {} })()', 'time'],
  ])('ends %s for its %s, and is spent then', async (code, limit) => {
    const interpreter = new Interpreter(await newQuickJSWASMModule())
    const question = { kind: 'evaluate', codes: [code], params: null, nearer: '{}', timezone: 'UTC' } as const
    expect(interpreter.answer(writeParams({}), question)).toEqual({ kind: 'limit', limit, isCertain: true })
    expect(interpreter.isSpent).toBe(true)
  })
})
