// A worker that runs one task and follows it into a file, until it is killed. Arguments: adapter, home, installation, command as JSON.
import { appendFileSync, existsSync, statSync } from 'node:fs'
import { findEngine } from '../../dist/docker/engine.js'
import { openDockerExecutor } from '../../dist/docker/open-docker-executor.js'
import { openProcessExecutor } from '../../dist/process/open-process-executor.js'

const [adapter, home, installation, command] = process.argv.slice(2)
const options = { home: `${home}/worker`, env: {}, orphanMs: 900_000, extraCa: null }
const executor =
  adapter === 'process'
    ? await openProcessExecutor(options)
    : await openDockerExecutor({ ...options, installation, docker: (await findEngine()).docker })
const run = { attemptId: '1', taskId: '1', epoch: '1' }
const log = `${home}/log`
const state = await executor.state(run)
console.log(`state ${state}`)
const limits = { memoryBytes: 256 * 2 ** 20, cpus: 1, pids: 256 }
const place = { attemptId: '1', image: 'sluice/base', isRootReadOnly: true, limits }
await executor.open(place, async () => {})
if (state === 'absent') await executor.start(run, JSON.parse(command))
const offset = existsSync(log) ? statSync(log).size : 0
const exit = await executor.follow(run, offset, async (bytes) => {
  appendFileSync(log, bytes)
  console.log(`log ${statSync(log).size}`)
})
console.log(JSON.stringify(exit))
executor.leave()
