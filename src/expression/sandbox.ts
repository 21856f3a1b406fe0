import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { JsonObject } from '../brand.ts'
import type { Expressions } from '../workflow/workflow.ts'
import { type Answer, ASKED, BOOTING, type Boot, type Question } from './exchange.ts'
import { usedMs } from './interpreter.ts'
import { wordAnswer } from './wording.ts'

/** When an expression is stopped that cannot be interrupted: inside one of its own functions the interpreter hears nothing. */
const KILL_CPU_MS = 1000
/** When a thread is taken for dead that does not work at all. */
const KILL_WALL_MS = 20_000
const LOOK_MS = 100
/** In JavaScript's heap; that of the interpreter has a limit of its own. */
const THREAD_MB = 128

type Thread = {
  readonly worker: Worker
  readonly port: MessagePort
  readonly state: Boot['state']
  /** The params that it has. */
  params: JsonObject | undefined
  fault: Error | undefined
}

/**
 * Expressions run in an interpreter in WebAssembly, in a thread without environment. Who asks waits for the answer: evaluation stays synchronous, and
 * what does not end in time ends with its thread.
 */
export async function openExpressions(): Promise<Expressions & { close(): void }> {
  let thread = openThread()
  await once(thread.worker, 'message')

  return {
    evaluate(codes, { params, nearer }, timezone) {
      if (thread.fault !== undefined) throw thread.fault
      const question = { codes, nearer: JSON.stringify(nearer), timezone }
      const answer = ask(thread, question, params)
      if (answer !== undefined) return wordAnswer(codes, answer)
      void thread.worker.terminate()
      thread = openThread()
      return wordAnswer(codes, { kind: 'limit', limit: 'time' })
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
  const thread: Thread = { worker, port, state, params: undefined, fault: undefined }
  worker.on('error', (error: Error) => {
    thread.fault = error
  })
  return thread
}

/** Undefined when the time is over. */
function ask(thread: Thread, question: Omit<Question, 'params'>, params: JsonObject): Answer | undefined {
  const { port, state } = thread
  Atomics.wait(state, 0, BOOTING, KILL_WALL_MS)
  const [startMs, startedAt] = [usedMs(), performance.now()]
  port.postMessage({ ...question, params: thread.params === params ? null : JSON.stringify(params) })
  thread.params = params
  Atomics.store(state, 0, ASKED)
  Atomics.notify(state, 0)
  while (Atomics.wait(state, 0, ASKED, LOOK_MS) === 'timed-out')
    if (usedMs() - startMs > KILL_CPU_MS || performance.now() - startedAt > KILL_WALL_MS) return undefined
  const received: { message: Answer } | undefined = receiveMessageOnPort(port)
  return received?.message
}
