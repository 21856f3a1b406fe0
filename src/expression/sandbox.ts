import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { JsonObject } from '../brand.ts'
import type { Expressions } from '../workflow/workflow.ts'
import {
  type Answer,
  ASKED,
  BOOTING,
  type Boot,
  type EvaluateQuestion,
  type Question,
  writeParams,
} from './exchange.ts'
import { startProcessorClock } from './processor-clock.ts'
import { openWait } from './wait.ts'
import { wordAnswer, wordCompiled } from './wording.ts'

/** When an expression is stopped that cannot be interrupted: inside one of its own functions the interpreter hears nothing. */
const KILL_CPU_MS = 500
/** When a thread is given up that does not get the processor. */
const KILL_WALL_MS = 10_000
const BOOT_MS = 20_000
const CHECK_MS = 25
/** In JavaScript's heap; that of the interpreter has a limit of its own. */
const THREAD_MB = 128

const wait = openWait()

type Thread = {
  readonly worker: Worker
  readonly port: MessagePort
  readonly state: Boot['state']
  /** The params that it has. */
  params: JsonObject | undefined
  hasBooted: boolean
  /** Why it is dead. */
  fault: Error | undefined
}

/** A question, before its params are written for a thread that may have them. */
type Asked = Exclude<Question, EvaluateQuestion> | (Omit<EvaluateQuestion, 'params'> & { readonly params: JsonObject })

/**
 * Expressions run in an interpreter in WebAssembly, in a thread without environment. Who asks waits for the answer: evaluation stays synchronous, and
 * what does not end in time ends with its thread.
 */
export async function openExpressions(): Promise<Expressions & { close(): void }> {
  let thread = openThread()
  await once(thread.worker, 'message')
  thread.hasBooted = true

  /** A thread that dies before it works would do so again and again. */
  function askOnce(asked: Asked): Answer {
    if (thread.fault !== undefined && !thread.hasBooted) throw thread.fault
    if (thread.fault !== undefined) thread = openThread()
    const answer = ask(thread, asked)
    if (answer !== undefined) return answer
    void thread.worker.terminate()
    thread = openThread()
    return { kind: 'limit', limit: 'time', isCertain: true }
  }

  function askUntilCertain(asked: Asked): Answer {
    const answer = askOnce(asked)
    return answer.kind === 'limit' && !answer.isCertain ? askOnce(asked) : answer
  }

  return {
    findBroken(codes) {
      const usedMs = startProcessorClock()
      const broken = wordCompiled(codes, askUntilCertain({ kind: 'compile', codes }))
      return { broken, usedMs: usedMs() }
    },
    evaluate(codes, { params, nearer }, timezone) {
      const usedMs = startProcessorClock()
      const asked = { kind: 'evaluate', codes, params, nearer: JSON.stringify(nearer), timezone } as const
      const outcome = wordAnswer(codes, askUntilCertain(asked))
      return { ...outcome, usedMs: usedMs() }
    },
    close: () => void thread.worker.terminate(),
  }
}

function openThread(): Thread {
  const { port1: port, port2 } = new MessageChannel()
  const state = new Int32Array(new SharedArrayBuffer(4))
  const boot: Boot = { port: port2, state }
  const worker = new Worker(new URL('../../dist/expression/thread.js', import.meta.url), {
    ...{ workerData: boot, transferList: [port2], env: {}, execArgv: [] },
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MB },
  })
  worker.unref()
  port.unref()
  const thread: Thread = { worker, port, state, params: undefined, hasBooted: false, fault: undefined }
  worker.on('error', (error: Error) => {
    thread.fault = error
  })
  worker.on('exit', () => {
    thread.fault ??= new Error('The thread of the expressions has ended')
  })
  return thread
}

/** Undefined when the time is over. */
function ask(thread: Thread, asked: Asked): Answer | undefined {
  const { port, state } = thread
  if (Atomics.wait(state, 0, BOOTING, BOOT_MS) === 'timed-out')
    throw new Error(`The thread of the expressions did not start within ${BOOT_MS} ms`)
  thread.hasBooted = true
  port.postMessage(asked.kind === 'compile' ? asked : questionFor(thread, asked))
  Atomics.store(state, 0, ASKED)
  Atomics.notify(state, 0)
  awaitAnswer(state)
  const received: { message: Answer } | undefined = receiveMessageOnPort(port)
  return received?.message
}

function questionFor(thread: Thread, asked: Extract<Asked, { kind: 'evaluate' }>): Question {
  const params = thread.params === asked.params ? null : writeParams(asked.params)
  thread.params = asked.params
  return { ...asked, params }
}

function awaitAnswer(state: Thread['state']): void {
  const [usedMs, startedAt] = [startProcessorClock(), performance.now()]
  // Woken it may have been for the state before.
  for (; Atomics.load(state, 0) === ASKED; wait(state, ASKED, CHECK_MS))
    if (usedMs() > KILL_CPU_MS || performance.now() - startedAt > KILL_WALL_MS) return
}
