import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, type FileHandle, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { openEmbeddedPostgres } from '../../src/db/embedded.ts'
import { freePort } from './stores.ts'

/** Numbers that follow from the seed alone (mulberry32). */
export function openDice(seed: number) {
  let state = seed >>> 0
  const roll = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number) => least + Math.floor(roll() * (most - least + 1))
  return {
    between,
    chance: (share: number) => roll() < share,
    pick: <One>(all: readonly One[]) => pickOf(all, between),
  }
}
export type Dice = ReturnType<typeof openDice>

function pickOf<One>(all: readonly One[], between: (least: number, most: number) => number): One {
  const one = all[between(0, all.length - 1)]
  if (one === undefined) throw new Error('there is nothing to pick from')
  return one
}

/** A PostgreSQL and a Redis of the storm's own, each always at the same address. */
export async function openStormStores(backend: 'postgres' | 'redis') {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-storm-'))
  await chmod(folder, 0o755) // as root PostgreSQL runs as a user of its own
  const [databasePort, redisPort] = [await freePort(), await freePort()]
  const openDatabase = () =>
    openEmbeddedPostgres(join(folder, 'postgres'), [`port=${databasePort}`, 'max_connections=300', 'fsync=off'])
  let database = await openDatabase()
  let redis = backend === 'redis' ? await startRedis(redisPort) : undefined
  return {
    env: {
      DATABASE_URL: database.url,
      ...(backend === 'redis' ? { REDIS_URL: `redis://127.0.0.1:${redisPort}` } : {}),
    },
    restartDatabase: async () => {
      await database.stop()
      database = await openDatabase()
    },
    flushRedis: async () => {
      const client = new Redis(redisPort, '127.0.0.1')
      await client.flushall()
      client.disconnect()
    },
    restartRedis: async () => {
      if (redis !== undefined) await killRedis(redis)
      redis = await startRedis(redisPort)
    },
    close: async () => {
      if (redis !== undefined) await killRedis(redis)
      await database.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startRedis(port: number): Promise<ChildProcess> {
  const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], {
    stdio: 'ignore',
  })
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {}) // not yet
  await client.ping()
  client.disconnect()
  return redis
}

async function killRedis(redis: ChildProcess) {
  const exited = once(redis, 'exit')
  redis.kill('SIGKILL')
  await exited
}

/** Workflows of random shape. A task writes when it starts and ends to `ledger` in its workspace, never to anything of ours; the first waits until the ledger is watched. */
export function makeWorkflows(dice: Dice, count: number): Readonly<Record<string, string>> {
  const files = Array.from({ length: count }, (_, n) => [`w${n}.dig`, makeWorkflow(dice)])
  return { ...Object.fromEntries(files), 'task.sh': TASK, 'flaky.sh': FLAKY }
}

const TASK = `echo "start $1" >> ledger
if [ "$1" = begin ]; then
  waited=0
  while [ ! -e watched ] && [ $waited -lt 600 ]; do sleep 0.1; waited=$((waited + 1)); done
fi
line=0
while [ $line -lt $2 ]; do
  echo "line $line of $1"
  sleep 0.05
  line=$((line + 1))
done
echo "end $1" >> ledger
`
/** Fails the first time; declared to be repeated, so that it may start often. */
const FLAKY = `echo "start $1" >> ledger
if [ ! -e "tried-$1" ]; then touch "tried-$1"; exit 1; fi
echo "end $1" >> ledger
`

function makeWorkflow(dice: Dice): string {
  let number = 0
  const task = (indent: string) => {
    const isFlaky = dice.chance(0.2)
    const name = `${isFlaky ? 'flaky' : 'task'}${number++}`
    const command = isFlaky ? `sh flaky.sh ${name}` : `sh task.sh ${name} ${dice.between(1, 60)}`
    return `${indent}+${name}:\n${isFlaky ? `${indent}  _retry: 5\n` : ''}${indent}  sh>: ${command}\n`
  }
  const group = () =>
    `+group${number++}:\n${dice.chance(0.7) ? '  _parallel: true\n' : ''}${Array.from({ length: dice.between(2, 4) }, () => task('  ')).join('')}`
  const parts = Array.from({ length: dice.between(1, 3) }, () => (dice.chance(0.6) ? group() : task('')))
  return `+begin:\n  sh>: sh task.sh begin 1\n${parts.join('')}`
}

/** Holds every ledger open from the moment it is seen: it can be read when its workspace is long gone. */
export function watchLedgers(home: string) {
  const held = new Map<string, FileHandle>()
  const workers = join(home, 'workers')
  const names = async (folder: string) => readdir(folder).catch(() => [])
  const look = async () => {
    for (const worker of await names(workers))
      for (const attempt of await names(join(workers, worker, 'attempts'))) {
        const workspace = join(workers, worker, 'attempts', attempt, 'workspace')
        if (held.has(attempt)) continue
        const file = await open(join(workspace, 'ledger')).catch(() => undefined)
        if (file === undefined) continue
        held.set(attempt, file)
        await writeFile(join(workspace, 'watched'), '').catch(() => {})
      }
  }
  let looking = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, 100)
  return {
    /** `start NAME` and `end NAME` lines of an attempt; undefined: nobody has seen its ledger. */
    lines: async (attempt: string): Promise<readonly string[] | undefined> => {
      const file = held.get(attempt)
      if (file === undefined) return undefined
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(size), 0, size, 0)
      return buffer.toString().split('\n').slice(0, -1)
    },
    close: async () => {
      clearInterval(timer)
      await looking
      for (const file of held.values()) await file.close()
    },
  }
}
