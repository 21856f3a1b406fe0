import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  newQuickJSWASMModule,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from 'quickjs-emscripten'
import type { Json, JsonObject } from '../brand.ts'
import type { Evaluation, Expressions } from '../workflow/workflow.ts'
import { offsetMs, readZone, scriptInstantOf, UTC, type Zone } from '../workflow/zone.ts'

/** Limits of one expression. */
const TIME_MS = 250
const MEMORY_BYTES = 32 << 20
const STACK_BYTES = 256 << 10

/** Fewer ways to burn time where the interrupt is not heard; no template of Digdag's knows these. */
const INTRINSICS = {
  ...{ BaseObjects: true, Date: true, Eval: true, StringNormalize: true, RegExp: true, RegExpCompiler: true },
  ...{ JSON: true, MapSet: true, Promise: true, Proxy: false, TypedArrays: false, BigInt: false },
}

/** A context with moment loaded and everything in it frozen. */
type Sandbox = { readonly context: QuickJSContext; readonly run: QuickJSHandle; readonly clock: Clock }
/** What the context asks of the host while it evaluates: the zone, and whether its time is over. */
type Clock = { zone: Zone; startMs: number }

/**
 * JavaScript in WebAssembly: no host objects, no files, no network. After an interrupt or memory running out the module may be in any state and is
 * thrown away, never disposed of (its own assertions could abort). Modules open asynchronously and `evaluate` does not, hence the spare one; where
 * even that was used up, another runtime in the same module will do until the next has come.
 */
export async function openExpressions(): Promise<Expressions & { close(): void }> {
  let current = openSandbox(await newQuickJSWASMModule())
  let spare: QuickJSWASMModule | undefined = await newQuickJSWASMModule()
  let isClosed = false

  async function refill(): Promise<void> {
    const module = await newQuickJSWASMModule()
    if (!isClosed) spare = module
  }
  function replace(module: QuickJSWASMModule): void {
    current = openSandbox(module)
    if (module !== spare) return
    spare = undefined
    void refill()
  }

  return {
    evaluate(code, scope, timezone) {
      const evaluation = evaluateIn(current, code, scope, timezone)
      if (!evaluation.ok && evaluation.kind === 'limit') replace(spare ?? current.module)
      return evaluation
    },
    close() {
      isClosed = true
      spare = undefined
    },
  }
}

function openSandbox(module: QuickJSWASMModule): Sandbox & { readonly module: QuickJSWASMModule } {
  const runtime = module.newRuntime()
  runtime.setMemoryLimit(MEMORY_BYTES)
  runtime.setMaxStackSize(STACK_BYTES)
  const context = runtime.newContext({ intrinsics: INTRINSICS })
  const clock: Clock = { zone: UTC, startMs: Number.POSITIVE_INFINITY }
  runtime.setInterruptHandler(() => isOver(clock))
  return { module, context, clock, run: loadPrelude(context, clock) }
}

function loadPrelude(context: QuickJSContext, clock: Clock): QuickJSHandle {
  const host = context.newObject()
  const offer = (name: string, answer: (ms: number) => number) => {
    const body = (ms: QuickJSHandle) => context.newNumber(answer(context.getNumber(ms)))
    context.newFunction(name, body).consume((handle) => context.setProp(host, name, handle))
  }
  offer('offset', (instant) => offsetMs(clock.zone, instant))
  offer('instant', (wall) => scriptInstantOf(clock.zone, wall))
  const prelude = context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js'))
  return context.unwrapResult(context.callFunction(prelude, context.undefined, host, context.newString(MOMENT)))
}

const PRELUDE = readFileSync(new URL('../../src/expression/prelude.js', import.meta.url), 'utf8')
const require = createRequire(import.meta.url)
const MOMENT = readFileSync(require.resolve('moment/min/moment.min.js'), 'utf8')

function evaluateIn(sandbox: Sandbox, code: string, scope: JsonObject, timezone: string): Evaluation {
  const { context, run, clock } = sandbox
  clock.zone = readZone(timezone) ?? UTC
  clock.startMs = usedMs()
  try {
    const words = [context.newString(code), context.newString(JSON.stringify(scope))]
    const result = context.callFunction(run, context.undefined, ...words)
    for (const word of words) word.dispose()
    if (result.error) return { ok: false, kind: 'limit', error: whyStopped(clock) }
    return readAnswer(result.value.consume((handle) => context.getString(handle)))
  } catch (error) {
    // The module itself broke down (a trap of WebAssembly): for the expression that is a limit like the others, and the module goes.
    return {
      ok: false,
      kind: 'limit',
      error: `InternalError: ${error instanceof Error ? error.message : String(error)}`,
    }
  } finally {
    clock.startMs = Number.POSITIVE_INFINITY
  }
}

const OUT_OF_MEMORY = `Error: the expression needs more than ${MEMORY_BYTES >> 20} MB of memory`

function whyStopped(clock: Clock): string {
  return isOver(clock) ? `Error: the expression ran for more than ${TIME_MS} ms` : OUT_OF_MEMORY
}

function isOver({ startMs }: Clock): boolean {
  return usedMs() - startMs > TIME_MS
}

/** Time of the processor, not of the wall: on a host that is overloaded an honest expression waits long for its turn. */
function usedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function readAnswer(answer: string): Evaluation {
  const text = answer.slice(1)
  if (answer.startsWith('V')) return { ok: true, value: parse(text) }
  if (/^InternalError: out of memory/.test(text)) return { ok: false, kind: 'limit', error: OUT_OF_MEMORY }
  return { ok: false, kind: answer.startsWith('S') ? 'syntax' : 'thrown', error: reword(text) }
}

function parse(json: string): Json {
  return JSON.parse(json)
}

/** Digdag's wordings, where the engine has its own. */
function reword(error: string): string {
  return error
    .replace(/^ReferenceError: '(.+)' is not defined$/, 'ReferenceError: $1 is not defined')
    .replace(/^TypeError: cannot read/, 'TypeError: Cannot read')
    .replace(/^InternalError: stack overflow$/, 'RangeError: the expression calls itself too deeply')
}
