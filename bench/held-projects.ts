import { setTimeout } from 'node:timers/promises'
import { openChecker } from './open-checker.ts'
import { sampleProject } from './sample-project.ts'

// Says in MB what 500 checked projects of 20 workflows take. Runs with --expose-gc.

const PROJECTS = 500
const tasksEach = Number(process.argv[2])
const checker = await openChecker()

/** No two projects share a text. */
const checkAnother = (n: number) =>
  checker.check(
    new Map([...sampleProject(20, tasksEach)].map(([path, text]) => [path, text.replaceAll('table_', `table${n}_`)])),
  )

for (let n = 0; n < 5; n += 1) checkAnother(n)
const before = await heapUsed()
const held = Array.from({ length: PROJECTS }, (_, n) => checkAnother(n))
const after = await heapUsed()
checker.close()
if (held.length !== PROJECTS) throw new Error('they must be held until now')
console.log((after - before) / 2 ** 20)

async function heapUsed(): Promise<number> {
  for (let n = 0; n < 5; n += 1) {
    globalThis.gc?.()
    await setTimeout(20)
  }
  return process.memoryUsage().heapUsed
}
