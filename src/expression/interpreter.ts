import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten'
import { parseTemplate } from '../workflow/template.ts'
import { readZone, stretchOf, UTC } from '../workflow/zone.ts'
import type { Answer, EvaluateQuestion, Question } from './exchange.ts'
import { startProcessorClock } from './processor-clock.ts'
import { instantOfWall } from './wall-clock.ts'

/** Limits of the expressions of one text. */
export const TIME_MS = 250
export const MEMORY_BYTES = 32 << 20
const STACK_BYTES = 256 << 10

/** Without what no template of Digdag's knows, and what would run on after an expression. */
const INTRINSICS = {
  ...{ BaseObjects: true, Date: true, Eval: true, StringNormalize: true, RegExp: true, RegExpCompiler: true },
  ...{ JSON: true, MapSet: true, Promise: false, Proxy: false, TypedArrays: false, BigInt: false },
}

/**
 * JavaScript in WebAssembly: no host objects, no files, no network. Once it is spent (interrupted, out of memory, something left in it) its module may
 * be in any state: it is thrown away and never disposed of, its own assertions could abort.
 */
export class Interpreter {
  readonly #context: QuickJSContext
  readonly #prelude: QuickJSHandle
  /** They stay in the sandbox from one text of a task to the next. */
  #params = ''
  #timezone = ''
  #zone = UTC
  #usedMs = () => 0
  #isFresh = true
  isSpent = false

  constructor(module: QuickJSWASMModule) {
    const runtime = module.newRuntime()
    runtime.setMemoryLimit(MEMORY_BYTES)
    runtime.setMaxStackSize(STACK_BYTES)
    runtime.setInterruptHandler(() => this.#isOver())
    this.#context = runtime.newContext({ intrinsics: INTRINSICS })
    this.#prelude = this.#loadPrelude()
  }

  /** `params` are those of the question, or of the one before. */
  answer(params: string, question: Question): Answer {
    this.#usedMs = startProcessorClock()
    try {
      const answer = this.#read(this.#ask(params, question).consume((handle) => this.#context.getString(handle)))
      this.#isFresh = false
      return answer
    } catch {
      // Interrupted, out of memory, or a trap of WebAssembly: whatever it was, the module is of no use any more.
      return this.#isOver() ? this.#spend('time') : this.#spend('memory')
    } finally {
      this.#usedMs = () => 0
    }
  }

  #ask(params: string, question: Question): QuickJSHandle {
    const codes = JSON.stringify(question.codes)
    return question.kind === 'compile' ? this.#call('compile', codes) : this.#evaluate(codes, params, question)
  }

  #evaluate(codes: string, params: string, { nearer, timezone }: EvaluateQuestion): QuickJSHandle {
    this.#enter(timezone)
    this.#take(params)
    return this.#call('evaluate', codes, nearer)
  }

  #read(json: string): Answer {
    const { isTidy, ...answer }: Answer & { isTidy: boolean } = JSON.parse(json)
    if ('message' in answer && answer.message === 'InternalError: out of memory') return this.#spend('memory')
    this.isSpent = !isTidy
    return answer
  }

  #spend(limit: 'time' | 'memory'): Answer {
    this.isSpent = true
    return { kind: 'limit', limit, isCertain: limit === 'time' || this.#isFresh }
  }

  #enter(timezone: string): void {
    if (timezone === this.#timezone) return
    this.#timezone = timezone
    this.#zone = readZone(timezone) ?? UTC
    this.#call('forgetZone').dispose()
  }

  #take(params: string): void {
    if (params === this.#params) return
    this.#params = params
    this.#call('takeParams', params).dispose()
  }

  #call(name: string, ...words: readonly string[]): QuickJSHandle {
    const handles = words.map((word) => this.#context.newString(word))
    const result = this.#context.callMethod(this.#prelude, name, handles)
    for (const handle of handles) handle.dispose()
    return this.#context.unwrapResult(result)
  }

  /** The order matters: moment must see the dates, and nothing may come after what freezes all. */
  #loadPrelude(): QuickJSHandle {
    const context = this.#context
    const load = (name: string) => context.unwrapResult(context.evalCode(readPrelude(name), name))
    const run = (name: string, ...values: readonly QuickJSHandle[]) =>
      context.unwrapResult(context.callFunction(load(name), context.undefined, ...values))
    const host = this.#openHost()
    const dates = run('dates.js', host)
    run('java.js')
    context.unwrapResult(context.evalCode(MOMENT, 'moment.js'))
    return run('evaluate.js', host, dates, run('moment.js'), load('harden.js'))
  }

  #openHost(): QuickJSHandle {
    const context = this.#context
    const host = context.newObject()
    const offer = (name: string, answer: (asked: QuickJSHandle) => QuickJSHandle) =>
      context.newFunction(name, answer).consume((handle) => context.setProp(host, name, handle))
    offer('stretch', (ms) => {
      const { from, until, offset } = stretchOf(this.#zone, context.getNumber(ms))
      return context.newString([from, until, offset].join())
    })
    offer('instant', (ms) => context.newNumber(instantOfWall(this.#zone, context.getNumber(ms))))
    offer('parse', (text) => context.newString(JSON.stringify(parseTemplate(context.getString(text)))))
    return host
  }

  #isOver(): boolean {
    return this.#usedMs() > TIME_MS
  }
}

const readPrelude = (name: string) =>
  readFileSync(new URL(`../../src/expression/prelude/${name}`, import.meta.url), 'utf8')
const require = createRequire(import.meta.url)
/** An expression's own variables of these names are none of moment's: it would load locales with them, and write warnings. */
const MOMENT = `(function (module, exports, define, require, console) {
${readFileSync(require.resolve('moment/min/moment.min.js'), 'utf8')}
}).call(globalThis)`
