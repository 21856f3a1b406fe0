import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ADAPTERS,
  openAdapter,
  openStage,
  placeOf,
  runOf,
  runToEnd,
  type Stage,
  shell,
  unpackNothing,
} from '../support/executors.ts'

describe.each(ADAPTERS)('the spool of the %s executor', (adapter) => {
  let stage: Stage
  let task = 0
  const spool = () => (adapter === 'docker' ? '/spool' : join(stage.home, 'worker/1/spool'))
  beforeAll(async () => {
    stage = await openStage(adapter)
    await stage.executor.open(placeOf('1'), unpackNothing)
  })
  afterAll(() => stage.close())

  it.each([
    ['a symbolic link', 'ln -s /etc/passwd "$SLUICE_RUN/output.json"'],
    ['a fifo', 'mkfifo "$SLUICE_RUN/output.json"'],
    ['a folder', 'mkdir "$SLUICE_RUN/output.json"'],
    ['a hard link', 'echo x > "$SLUICE_RUN/a" && ln "$SLUICE_RUN/a" "$SLUICE_RUN/output.json"'],
  ])('refuses %s in the place of a result', async (what, plant) => {
    task += 1
    const run = runOf('1', String(task))
    expect((await runToEnd(stage.executor, run, shell(plant))).exit).toEqual({ kind: 'exited', code: 0 })
    await expect(stage.executor.readOutput(run, 'output.json', 1000)).rejects.toThrow(
      `The task left ${what} where Sluice reads its file "output.json". It was not opened.`,
    )
  })

  it("refuses a link in the place of the run's folder", async () => {
    const run = runOf('1', '20')
    await runToEnd(stage.executor, run, shell('rm -rf "$SLUICE_RUN"; ln -s /etc "$SLUICE_RUN"'))
    await expect(stage.executor.readOutput(run, 'passwd', 1_000_000)).rejects.toThrow(
      'something else in the place of its folder',
    )
  })

  it("refuses a link in the place of a run's end", async () => {
    const run = runOf('1', '21')
    const plant = shell(`ln -s /etc/passwd ${spool()}/21-1.done; sleep 600`)
    await expect(runToEnd(stage.executor, run, plant)).rejects.toMatchObject({ code: 'invalid' })
    await rm(join(stage.home, 'worker/1/spool/21-1.done'))
    await stage.executor.kill(run, 0)
  })

  it('holds the output, whatever a task does to its name', async () => {
    const run = runOf('1', '22')
    const plant = `rm ${spool()}/22-1.out; ln -s /etc/passwd ${spool()}/22-1.out; echo still here`
    expect((await runToEnd(stage.executor, run, shell(plant))).output).toBe('still here\n')
    const successor = await openAdapter(adapter, stage.home)
    await expect(successor.follow(run, 0, async () => {})).rejects.toThrow('a symbolic link')
    successor.leave()
  })

  it('is written to by renaming only: nothing is written through a planted link', async () => {
    const target = join(stage.home, 'target')
    await symlink(target, join(stage.home, 'worker/1/spool/30-1.out'))
    await symlink(target, join(stage.home, 'worker/1/spool/30-1'))
    expect((await runToEnd(stage.executor, runOf('1', '30'), shell('echo fine'))).output).toBe('fine\n')
    const { exists } = await import('../../src/spool/attempt-folder.ts')
    expect(await exists(target)).toBe(false)
  })
})
