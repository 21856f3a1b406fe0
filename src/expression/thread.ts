import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { BOOTING, type Boot, IDLE, type Question, writeParams } from './exchange.ts'
import { Interpreter } from './interpreter.ts'
import { openWait } from './wait.ts'

const { port, state }: Boot = workerData

let interpreter = new Interpreter(await newQuickJSWASMModule())
const wait = openWait()
let params = writeParams({})
parentPort?.postMessage('open')

for (;;) {
  enter(IDLE)
  wait(state, IDLE)
  const received: { message: Question } | undefined = receiveMessageOnPort(port)
  if (received === undefined) continue
  const question = received.message
  if (question.kind === 'evaluate') params = question.params ?? params
  port.postMessage(interpreter.answer(params, question))
  if (!interpreter.isSpent) continue
  enter(BOOTING) // who asked has the answer, and need not wait for the next interpreter
  interpreter = new Interpreter(await newQuickJSWASMModule())
}

function enter(next: number): void {
  Atomics.store(state, 0, next)
  Atomics.notify(state, 0)
}
