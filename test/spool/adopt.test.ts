import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ADAPTERS,
  followToEnd,
  installationOf,
  openAdapter,
  openStage,
  placeOf,
  runOf,
  type Stage,
  shell,
  unpackNothing,
} from '../support/executors.ts'

const run = runOf('1', '1')
const script = `echo start >> starts; i=0; while [ ! -e stop ]; do echo "line $i"; i=$((i+1)); sleep 0.01; done; cat starts; exit 7`

describe.each(ADAPTERS)('a worker with the %s executor', (adapter) => {
  let stage: Stage
  beforeEach(async () => {
    stage = await openStage(adapter)
  })
  afterEach(() => stage.close())

  const startWorker = () => {
    const args = [
      'test/support/follow.mjs',
      adapter,
      stage.home,
      installationOf(stage.home),
      JSON.stringify(shell(script)),
    ]
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  it('is killed twice while a task writes, and its successors adopt it: it ran once, and every line is there once, in order', async () => {
    const states: string[] = []
    for (const bytes of [500, 1500]) {
      const worker = startWorker()
      states.push(await untilLogged(worker, bytes))
      worker.kill('SIGKILL')
    }
    const last = await readAll(startWorker(), async (line) => {
      if (line.startsWith('log ')) await writeFile(join(stage.home, 'worker/1/workspace/stop'), '')
    })
    expect([...states, last[0]]).toEqual(['state absent', 'state started', 'state started'])
    expect(last.at(-1)).toBe(JSON.stringify({ kind: 'exited', code: 7 }))
    const lines = (await readFile(`${stage.home}/log`, 'utf8')).trimEnd().split('\n')
    expect(lines).toEqual([...Array.from({ length: lines.length - 1 }, (_, i) => `line ${i}`), 'start'])
  })

  it('harvests what ended while no worker lived', async () => {
    await stage.executor.open(placeOf('1'), unpackNothing)
    await stage.executor.start(run, shell('echo one; echo two; echo 1 > "$SLUICE_RUN/output.json"; exit 3'))
    await followToEnd(stage.executor, run)
    stage.executor.leave()
    const successor = await openAdapter(adapter, stage.home)
    expect(await successor.attempts()).toEqual(['1'])
    expect(await successor.state(run)).toBe('done')
    expect(await followToEnd(successor, run)).toEqual({ exit: { kind: 'exited', code: 3 }, output: 'one\ntwo\n' })
    expect(await successor.readOutput(run, 'output.json', 100)).toBe('1\n')
    successor.leave()
  })

  it('starts nothing again after its task has wiped the spool', async () => {
    await stage.executor.open(placeOf('1'), unpackNothing)
    const [spool, other] = [adapter === 'docker' ? '/spool' : `${stage.home}/worker/1/spool`, runOf('1', '2')]
    await stage.executor.start(run, shell(`rm -rf ${spool}/* ; echo wiped`))
    expect(await followToEnd(stage.executor, run)).toEqual({ exit: { kind: 'exited', code: 0 }, output: 'wiped\n' })
    await stage.executor.start(other, shell(`rm -rf ${spool}/2-1.*; sleep 600`))
    const successor = await openAdapter(adapter, stage.home)
    expect(await successor.state(other)).not.toBe('absent')
    successor.leave()
  })

  it('starts nothing again of which a power cut has left only the note, made for an agent that is gone', async () => {
    await stage.executor.open(placeOf('1'), unpackNothing)
    const note = { agentId: 'of another life', postedAtMs: Date.now(), timeoutMs: null, memoryBytes: 1 }
    await writeFile(join(stage.home, 'worker/1/runs/1-1.posting'), JSON.stringify(note))
    expect(await stage.executor.state(run)).toBe('posted')
    expect((await followToEnd(stage.executor, run)).exit.kind).toBe('lost')
  })

  it('starts what it had prepared and not posted when it was killed: its agent lives, and would have it', async () => {
    await stage.executor.open(placeOf('1'), unpackNothing)
    await stage.executor.start(runOf('1', '2'), shell('sleep 600'))
    const runs = join(stage.home, 'worker/1/runs')
    await writeFile(join(runs, '1-1.posting'), await readFile(join(runs, '2-1.posted')))
    expect(await stage.executor.state(run)).toBe('absent')
  })

  it('leaves for good: its tasks are stopped after the time for orphans', async () => {
    const lonely = await openStage(adapter, { orphanMs: 3000 })
    await lonely.executor.open(placeOf('1'), unpackNothing)
    await lonely.executor.start(run, shell('echo up; exec sleep 600'))
    lonely.executor.leave()
    const watcher = await openAdapter(adapter, lonely.home, { orphanMs: 3000 })
    watcher.leave()
    expect(await followToEnd(watcher, run)).toEqual({
      exit: { kind: 'lost', why: 'no worker looked after it for too long, so it was stopped' },
      output: 'up\n',
    })
    await lonely.close()
  })
})

/** Resolves with the worker's first line when its log has `bytes`. */
async function untilLogged(worker: ChildProcess, bytes: number): Promise<string> {
  let first: string | undefined
  for await (const line of linesOf(worker)) {
    first ??= line
    if (line.startsWith('log ') && Number(line.slice(4)) >= bytes) return first
  }
  throw new Error('the worker ended too early')
}

async function readAll(worker: ChildProcess, hear: (line: string) => Promise<void>): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const line of linesOf(worker)) {
    lines.push(line)
    await hear(line)
  }
  return lines
}

function linesOf(worker: ChildProcess): AsyncIterable<string> {
  if (worker.stdout === null) throw new Error('no stdout')
  return createInterface(worker.stdout)
}
