import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openStage, placeOf, runOf, runToEnd, type Stage, shell, unpackNothing } from '../support/executors.ts'

const PATIENCE = { timeout: 20_000, interval: 20 }
let stage: Stage
beforeAll(async () => {
  stage = await openStage('process')
  await stage.executor.open(placeOf('1'), unpackNothing)
})
afterAll(() => stage.close())

const inAttempt = (path: string) => join(stage.home, 'worker/1', path)
const isDone = (run: ReturnType<typeof runOf>) =>
  vi.waitUntil(async () => (await stage.executor.state(run)) === 'done', PATIENCE)

describe('the agent', () => {
  it('appends, so that output which was cut off leaves no hole', async () => {
    const run = runOf('1', '1')
    await stage.executor.start(run, shell('echo first; while [ ! -e go ]; do sleep 0.05; done; echo second'))
    const out = inAttempt('spool/1-1.out')
    await vi.waitUntil(async () => (await readFile(out, 'utf8')) === 'first\n', PATIENCE)
    await truncate(out, 0)
    await writeFile(inAttempt('workspace/go'), '')
    await isDone(run)
    expect(await readFile(out, 'utf8')).toBe('second\n')
  })

  it('takes a run once, however often its bell is rung', async () => {
    const run = runOf('1', '2')
    const count = shell('echo once >> counted')
    for (let rings = 0; rings < 5; rings++) await stage.executor.start(run, count)
    await isDone(run)
    const { output } = await runToEnd(stage.executor, runOf('1', '3'), shell('cat counted'))
    expect(output).toBe('once\n')
  })
})
