import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, writeFile } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { describeMachine, type Figure, renderTable } from './figures.ts'
import { freePort, Installation, run } from './installation.ts'

// What HAProxy costs: the same requests and pushes through it and past it, in turn, in the same minute.

/** Timed together: one alone is lost in the clock's noise. */
const REQUESTS = 200
const WAYS = ['direct', 'through HAProxy'] as const
type Way = (typeof WAYS)[number]

async function startProxy(web: string) {
  const port = await freePort()
  const off = ['8081', '8082', '8083', '8443', '9090', '65432'].map((door) => [`SLUICE_PROXY_${door}`, 'off'])
  const proxy = spawn('haproxy/start', {
    env: {
      PATH: `${process.env.PATH}:/usr/sbin`,
      SLUICE_PROXY_LISTEN: '127.0.0.1',
      SLUICE_PROXY_WEBS: new URL(web).host,
      SLUICE_PROXY_8080: String(port),
      ...Object.fromEntries(off),
    },
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  const isServing = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isServing())) await sleep(50)
  return {
    url,
    stop: async () => {
      const ended = once(proxy, 'exit')
      proxy.kill()
      await ended
    },
  }
}

/** Milliseconds a request, on a connection that is kept or on one of its own. */
async function timeRequests(url: string, isKept: boolean): Promise<number> {
  const agent = new Agent({ keepAlive: isKept, maxSockets: 1 })
  const from = performance.now()
  for (let count = 0; count < REQUESTS; count += 1) {
    await new Promise<void>((resolve, reject) => {
      get(`${url}/sign-in`, { agent }, (answer) => answer.resume().on('end', resolve)).on('error', reject)
    })
  }
  agent.destroy()
  return (performance.now() - from) / REQUESTS
}

async function timePush(folder: string, url: string): Promise<number> {
  await appendFile(join(folder, 'say.sh'), '# another version\n')
  commit(folder)
  const from = performance.now()
  run('git', ['push', '--quiet', url, 'main'], folder)
  return performance.now() - from
}

function commit(folder: string) {
  run('git', ['add', '--all'], folder)
  run('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '-m', 'bench'], folder)
}

async function makeProject(installation: Installation): Promise<string> {
  const folder = join(installation.home, 'bench')
  installation.sluice('init', folder)
  await writeFile(join(folder, 'say.dig'), '+say:\n  sh>: ./say.sh\n')
  await writeFile(join(folder, 'say.sh'), 'echo "said"\n', { mode: 0o755 })
  commit(folder)
  run('git', ['push', '--quiet', 'sluice', 'main'], folder)
  return folder
}

async function measure(repeats: number): Promise<readonly Figure[]> {
  const installation = await Installation.make('postgres')
  const samples = new Map<string, Record<Way, number[]>>()
  const note = (what: string, way: Way, ms: number) => {
    const both = samples.get(what) ?? { direct: [], 'through HAProxy': [] }
    both[way].push(ms)
    samples.set(what, both)
  }
  try {
    await installation.start()
    await installation.ready()
    const folder = await makeProject(installation)
    const token = await installation.token()
    const proxy = await startProxy(installation.url)
    const urls = { direct: installation.url, 'through HAProxy': proxy.url }
    for (let round = 0; round <= repeats; round += 1) {
      for (const way of WAYS) {
        const kept = await timeRequests(urls[way], true)
        const fresh = await timeRequests(urls[way], false)
        const push = await timePush(folder, `${urls[way].replace('//', `//any:${token}@`)}/git/bench.git`)
        if (round === 0) continue // to warm up
        note('a request on a kept connection', way, kept)
        note('a request on a connection of its own', way, fresh)
        note('git push', way, push)
      }
    }
    await proxy.stop()
  } finally {
    await installation.remove()
  }
  return [...samples].map(([what, ms]) => ({ what, ms: ms['through HAProxy'], target: null, baseline: ms.direct }))
}

const { values } = parseArgs({ options: { repeats: { type: 'string', default: '5' } } })
console.log(describeMachine())
const figures = await measure(Number(values.repeats))
console.log(`\nThrough HAProxy, ${values.repeats} repeats\n\n${renderTable(figures, 'direct')}`)
console.log(`\n${describeMachine()}`)
