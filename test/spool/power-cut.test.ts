import { readdirSync, readlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followToEnd, openStage, placeOf, runOf, type Stage, shell, unpackNothing } from '../support/executors.ts'

const run = runOf('1', '1')

/** What was forced to the disk, and whether the agent could see the command by then. */
type Forced = { readonly path: string; readonly isPosted: boolean }

describe('a run that must not be started twice', () => {
  let stage: Stage
  let forced: Forced[]
  beforeEach(async () => {
    stage = await openStage('process')
    forced = await watchForced(stage)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await stage.close()
  })

  it('is noted on the disk before its command is posted, and so is the folder that holds the note', async () => {
    await stage.executor.open(placeOf('1'), unpackNothing)
    const opened = forced.splice(0).map(({ path }) => path)
    expect(opened).toEqual(expect.arrayContaining(['worker/1/staging/place.json', 'worker/1', 'worker']))
    await stage.executor.start(run, shell('true'))
    await followToEnd(stage.executor, run)
    expect(forced.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'worker/1/runs', isPosted: false },
      { path: 'worker/1/runs/1-1.posting', isPosted: false },
    ])
  })

  it('costs a retryable one nothing', async () => {
    await stage.executor.open(placeOf('1'), unpackNothing)
    forced.splice(0)
    await stage.executor.start(run, shell('true', { isRetryable: true }))
    await followToEnd(stage.executor, run)
    expect(forced).toEqual([])
  })
})

async function watchForced({ home }: Stage): Promise<Forced[]> {
  const forced: Forced[] = []
  const any = await open(home)
  const prototype: FileHandle = Object.getPrototypeOf(any)
  await any.close()
  const sync = prototype.sync
  vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`).slice(home.length + 1)
    await sync.call(this)
    const spool = join(home, 'worker/1/spool')
    forced.push({ path, isPosted: readdirSync(spool).some((name) => name.endsWith('.run')) })
  })
  return forced
}
