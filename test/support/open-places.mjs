// A worker that opens one place after the other, until it is killed. Arguments: adapter, home, installation, the first attempt's id.
import { findEngine } from '../../dist/docker/engine.js'
import { openDockerExecutor } from '../../dist/docker/open-docker-executor.js'
import { openProcessExecutor } from '../../dist/process/open-process-executor.js'

const [adapter, home, installation, first] = process.argv.slice(2)
const options = { home: `${home}/worker`, env: {}, orphanMs: 900_000, extraCa: null }
const executor =
  adapter === 'process'
    ? await openProcessExecutor(options)
    : await openDockerExecutor({ ...options, installation, docker: (await findEngine()).docker })
const limits = { memoryBytes: 256 * 2 ** 20, cpus: 1, pids: 256 }
for (let attemptId = Number(first); ; attemptId++) {
  console.log(`opening ${attemptId}`)
  const place = { attemptId: String(attemptId), image: 'sluice/base', isRootReadOnly: true, limits }
  await executor.open(place, async () => {})
}
