import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { describe, expect, it } from 'vitest'
import { Interpreter } from '../../src/expression/interpreter.ts'

/** Without the thread around it, which would end what the interpreter lets go on. */
describe('the interpreter itself', () => {
  it.each([
    ["'x'.repeat(2 ** 26).length", 'memory'],
    ['(function () { for (;;) {} })()', 'time'],
  ])('ends %s for its %s, and is spent then', async (code, limit) => {
    const interpreter = new Interpreter(await newQuickJSWASMModule())
    const question = { codes: [code], params: null, nearer: '{}', timezone: 'UTC' }
    expect(interpreter.evaluate('{}', question)).toEqual({ kind: 'limit', limit })
    expect(interpreter.isSpent).toBe(true)
  })
})
