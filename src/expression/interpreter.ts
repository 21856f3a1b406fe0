import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten'
import { parseTemplate } from '../workflow/template.ts'
import { offsetMs, readZone, UTC } from '../workflow/zone.ts'
import type { Answer, Question } from './exchange.ts'
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
  #startMs = Number.POSITIVE_INFINITY
  isSpent = false

  constructor(module: QuickJSWASMModule) {
    const runtime = module.newRuntime()
    runtime.setMemoryLimit(MEMORY_BYTES)
    runtime.setMaxStackSize(STACK_BYTES)
    runtime.setInterruptHandler(() => this.#isOver())
    this.#context = runtime.newContext({ intrinsics: INTRINSICS })
    this.#prelude = this.#loadPrelude()
  }

  evaluate(params: string, { codes, nearer, timezone }: Question): Answer {
    this.#startMs = usedMs()
    try {
      this.#enter(timezone)
      this.#take(params)
      const json = this.#call('evaluate', JSON.stringify(codes), nearer)
      return this.#read(json.consume((handle) => this.#context.getString(handle)))
    } catch {
      // Interrupted, out of memory, or a trap of WebAssembly: whatever it was, the module is of no use any more.
      this.isSpent = true
      return { kind: 'limit', limit: this.#isOver() ? 'time' : 'memory' }
    } finally {
      this.#startMs = Number.POSITIVE_INFINITY
    }
  }

  #read(json: string): Answer {
    const { isTidy, ...answer }: Answer & { isTidy: boolean } = JSON.parse(json)
    const isOutOfMemory = answer.kind === 'thrown' && answer.message === 'InternalError: out of memory'
    this.isSpent = !isTidy || isOutOfMemory
    return isOutOfMemory ? { kind: 'limit', limit: 'memory' } : answer
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
    offer('offset', (ms) => context.newNumber(offsetMs(this.#zone, context.getNumber(ms))))
    offer('instant', (ms) => context.newNumber(instantOfWall(this.#zone, context.getNumber(ms))))
    offer('parse', (text) => context.newString(JSON.stringify(parseTemplate(context.getString(text)))))
    return host
  }

  #isOver(): boolean {
    return usedMs() - this.#startMs > TIME_MS
  }
}

const readPrelude = (name: string) =>
  readFileSync(new URL(`../../src/expression/prelude/${name}`, import.meta.url), 'utf8')
const require = createRequire(import.meta.url)
const MOMENT = readFileSync(require.resolve('moment/min/moment.min.js'), 'utf8')

/** Time of the processor, not of the wall: on a host that is overloaded an honest expression waits long for its turn. */
export function usedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
