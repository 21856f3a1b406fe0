import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Refusal } from '../../src/refusal.ts'
import { watchDisks } from '../../src/spool/full-disk.ts'
import {
  ADAPTERS,
  followToEnd,
  listen,
  openAdapter,
  placeOf,
  runOf,
  shell,
  unpackNothing,
} from '../support/executors.ts'

/** A disk of its own needs a mount, and that needs root. */
const isRoot = process.getuid?.() === 0
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-disk-'))
  if (isRoot) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0711', 'tmpfs', home])
})
afterEach(async () => {
  if (isRoot) execFileSync('umount', ['--lazy', home])
  await rm(home, { recursive: true, force: true })
})

const fill = async () => {
  await writeFile(join(home, 'filler'), Buffer.alloc(80 * 2 ** 20)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC') throw error
  })
  expect(statfsSync(home).bavail).toBe(0)
}
/** Whether a `cat` still writes to the file, in whatever container: a full disk ends it. */
async function isPoured(path: string): Promise<boolean> {
  const { dev, ino } = await stat(path)
  const isIts = async (pid: string) => {
    const [file, name] = await Promise.all([stat(`/proc/${pid}/fd/1`), readFile(`/proc/${pid}/comm`, 'utf8')])
    return file.dev === dev && file.ino === ino && name === 'cat\n'
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return (await Promise.all(pids.map((pid) => isIts(pid).catch(() => false)))).some((is) => is)
}
const makeRoom = () => rm(join(home, 'filler'))

describe('a watch over disks', () => {
  it('tells which one has too little room, and that it has room again', async () => {
    const { bavail, bsize } = statfsSync(home)
    const told: (string | null)[] = []
    const least = { isLow: true, bytes: bavail * bsize + 2 ** 30 }
    const low = watchDisks([home, '/nowhere'], least.bytes, (problem) => told.push(problem))
    await low.look()
    await low.close()
    const roomy = watchDisks([home, '/nowhere'], 1, (problem) => told.push(problem))
    await roomy.look()
    await roomy.close()
    expect(told[0]).toMatch(
      /^The disk of \S+ has \d+ MiB left, less than SLUICE_MIN_FREE \(\d+ MiB\), so nothing new is started here\. Make room; it goes on by itself\.$/,
    )
    expect(told.at(-1)).toBeNull()
  })
})

describe.skipIf(!isRoot).each(ADAPTERS)('a disk that is full under the %s executor', (adapter) => {
  it('refuses a place and a start in a sentence, and neither is half made when there is room', async () => {
    const executor = await openAdapter(adapter, home)
    const run = runOf('1', '1')
    await fill()
    await expect(executor.open(placeOf('1'), (folder) => writeFile(join(folder, 'a'), 'text'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/is full\.$/),
    })
    await makeRoom()
    await executor.open(placeOf('1'), (folder) => writeFile(join(folder, 'a'), 'text\n'))
    await fill()
    const refused = await executor.start(run, shell('cat a')).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Refusal)
    expect(await executor.state(run)).toBe('absent')
    await makeRoom()
    await executor.start(run, shell('cat a'))
    expect(await followToEnd(executor, run)).toEqual({ exit: { kind: 'exited', code: 0 }, output: 'text\n' })
    await executor.close(placeOf('1').attemptId)
    executor.leave()
  })

  it('holds up a task that writes, and lets it end as it would have when there is room; the gap is marked', async () => {
    const executor = await openAdapter(adapter, home)
    const run = runOf('1', '1')
    await executor.open(placeOf('1'), unpackNothing)
    await executor.start(run, shell('echo up; while [ ! -e go ]; do sleep 0.1; done; seq 100000; echo end; exit 3'))
    const heard = listen(executor, run)
    await heard.seen('up\n')
    await fill()
    await writeFile(join(home, 'worker/1/workspace/go'), '')
    await heard.seen('\n100\n') // what the last page of the file has room for
    expect(heard.output()).not.toContain('end')
    await vi.waitUntil(async () => !(await isPoured(join(home, 'worker/1/spool/1-1.out'))), 20_000)
    await makeRoom()
    expect(await heard.ended).toEqual({ kind: 'exited', code: 3 })
    expect(heard.output()).toMatch(/\[sluice\] Output is missing here: the disk was full\.\n/)
    expect(heard.output()).toMatch(/\n100000\nend\n$/)
    await executor.close(placeOf('1').attemptId)
    executor.leave()
  })
})
