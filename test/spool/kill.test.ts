import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ADAPTERS,
  listen,
  openStage,
  placeOf,
  runOf,
  runToEnd,
  type Stage,
  shell,
  unpackHello,
} from '../support/executors.ts'

/** A grandchild, double-forked and in a session of its own, that ignores TERM and writes a beat to the file until something kills it. */
const stubborn = (file: string) => `
  trap '' TERM
  (setsid sh -c 'trap "" TERM; while :; do echo x >> ${file}; sleep 0.02; done' </dev/null >/dev/null 2>&1 &)
  (env -i sh -c 'trap "" TERM; while :; do echo x >> ${file}2; sleep 0.02; done') &
  echo up
  while :; do sleep 0.02; done`

describe.each(ADAPTERS)('a kill by the %s executor', (adapter) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(adapter)
    await stage.executor.open(placeOf('1'), unpackHello)
  })
  afterAll(() => stage.close())

  it('ends the whole tree of a run and leaves its sibling alone', async () => {
    const { executor } = stage
    const [victim, sibling] = [runOf('1', '1'), runOf('1', '2')]
    await executor.start(victim, shell(stubborn('beat')))
    await executor.start(sibling, shell('echo up; while [ ! -e stop ]; do sleep 0.02; done; echo lived'))
    const [listened, other] = [listen(executor, victim), listen(executor, sibling)]
    await Promise.all([listened.seen('up'), other.seen('up')])
    await executor.kill(victim, 300)
    expect(await listened.ended).toEqual({ kind: 'killed' })
    const look = await runToEnd(
      executor,
      runOf('1', '3'),
      shell('wc -c beat beat2; sleep 0.3; wc -c beat beat2; touch stop'),
    )
    const lines = look.output.trim().split(/\n */)
    expect(lines).toHaveLength(6)
    expect(lines.slice(3)).toEqual(lines.slice(0, 3))
    expect(await other.ended).toEqual({ kind: 'exited', code: 0 })
    expect(other.output()).toBe('up\nlived\n')
  })

  it('lets a run that listens to TERM clean up', async () => {
    const { executor } = stage
    const run = runOf('1', '10')
    await executor.start(run, shell('trap "echo cleaned; exit 0" TERM; echo up; while :; do sleep 0.02; done'))
    const listened = listen(executor, run)
    await listened.seen('up')
    await executor.kill(run, 20_000)
    expect(await listened.ended).toEqual({ kind: 'killed' })
    expect(listened.output()).toMatch(/^up\n(Terminated\n)?cleaned\n$/) // the shell may tell of its own `sleep`
    await executor.kill(run, 0)
  })

  it('comes by itself when the time is over', async () => {
    const run = runOf('1', '20')
    const { exit, output } = await runToEnd(stage.executor, run, shell('echo up; sleep 600', { timeoutMs: 300 }))
    expect({ exit, output }).toEqual({ exit: { kind: 'timed_out', afterMs: 300 }, output: 'up\n' })
  })

  it('is not needed for what a task leaves behind with its output open', async () => {
    const { exit, output } = await runToEnd(stage.executor, runOf('1', '30'), shell('sleep 600 & echo main; exit 4'))
    expect({ exit, output }).toEqual({ exit: { kind: 'exited', code: 4 }, output: 'main\n' })
  })
})
