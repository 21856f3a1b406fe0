import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { type Boot, IDLE, type Question } from './exchange.ts'
import { Interpreter } from './interpreter.ts'

const { port, state }: Boot = workerData

let interpreter = new Interpreter(await newQuickJSWASMModule())
let params = '{}'
parentPort?.postMessage('open')

for (;;) {
  Atomics.store(state, 0, IDLE)
  Atomics.notify(state, 0)
  Atomics.wait(state, 0, IDLE)
  const received: { message: Question } | undefined = receiveMessageOnPort(port)
  if (received === undefined) continue
  const question = received.message
  params = question.params ?? params
  port.postMessage(interpreter.evaluate(params, question))
  if (interpreter.isSpent) interpreter = new Interpreter(await newQuickJSWASMModule())
}
