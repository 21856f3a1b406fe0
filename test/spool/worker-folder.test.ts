import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { lockFolder } from '../../src/spool/folder-lock.ts'
import { takeWorkerFolder } from '../../src/spool/worker-folder.ts'

const home = mkdtempSync(join(tmpdir(), 'sluice-home-'))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(join(home, 'workers'), { recursive: true, force: true })
})

async function startHolder() {
  const child = spawn(process.execPath, ['test/support/hold-folder.mjs', home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [said] = await once(child.stdout, 'data')
  return { child, number: Number(String(said)) }
}

describe('a worker’s folder', () => {
  it('is the first that nobody has, and free again when it is given back', async () => {
    const one = await takeWorkerFolder(home)
    const two = await takeWorkerFolder(home)
    expect([one.number, two.number]).toEqual([1, 2])
    expect(one.folder).toBe(join(home, 'workers', '1'))
    await one.release()
    expect((await takeWorkerFolder(home)).number).toBe(1)
  })

  it('is free again at once when its process was killed', async () => {
    const { child, number } = await startHolder()
    expect(number).toBe(1)
    expect(await lockFolder(join(home, 'workers', '1'))).toEqual({ kind: 'taken', by: child.pid })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect((await takeWorkerFolder(home)).number).toBe(1)
  })

  it('is never two processes’, however many start at once where one died', async () => {
    const dead = await Promise.all(Array.from({ length: 3 }, startHolder))
    for (const { child } of dead) child.kill('SIGKILL')
    await Promise.all(dead.map(({ child }) => (child.signalCode === null ? once(child, 'exit') : null)))
    const holders = await Promise.all(Array.from({ length: 6 }, startHolder))
    expect(holders.map(({ number }) => number).sort()).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('is cleared of what the dead left there long ago', async () => {
    const { child } = await startHolder()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const folder = join(home, 'workers', '1')
    const [left = ''] = readdirSync(folder)
    utimesSync(join(folder, left), 0, 0)
    await takeWorkerFolder(home)
    expect(readdirSync(folder)).not.toContain(left)
  })

  it('refuses a path that is too long for a socket', async () => {
    await expect(lockFolder(`/tmp/${'x'.repeat(120)}`)).rejects.toThrow(/is too long/)
  })
})
