import { link, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AttemptId } from '../../src/brand.ts'
import { attemptFolder, layDown } from '../../src/spool/attempt-folder.ts'
import { openPlanted, readPlanted } from '../../src/spool/planted.ts'

const looks = vi.hoisted(() => ({ areLate: false }))
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>()
  const look = (path: string) => (looks.areLate ? original.stat(path) : original.lstat(path))
  return { ...original, lstat: look }
})

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-planted-'))
  await writeFile(join(home, 'secret'), 'four')
})
afterAll(() => rm(home, { recursive: true, force: true }))

describe('a planted file', () => {
  it('is not opened when it is a link', async () => {
    await symlink(join(home, 'secret'), join(home, 'link'))
    await expect(openPlanted(join(home, 'link'))).rejects.toThrow('The task left a symbolic link')
  })

  it('is not opened when it turns into a link between the look and the open', async () => {
    looks.areLate = true // the look still sees the file
    await expect(openPlanted(join(home, 'link'))).rejects.toThrow('The task left not a regular file')
    looks.areLate = false
  })

  it('is not opened when it has another name, too', async () => {
    await writeFile(join(home, 'one'), '')
    await link(join(home, 'one'), join(home, 'other'))
    await expect(openPlanted(join(home, 'other'))).rejects.toThrow('The task left a hard link')
  })

  it('is read to its limit and no further', async () => {
    expect(await readPlanted(join(home, 'secret'), 4)).toBe('four')
    await expect(readPlanted(join(home, 'secret'), 3)).rejects.toThrow('longer than 3 bytes')
    expect(await readPlanted(join(home, 'nothing'), 3)).toBeUndefined()
  })
})

describe('what the worker lays down', () => {
  it('takes the place of whatever lies there, and writes through no link', async () => {
    const folder = attemptFolder(home, '1' as AttemptId)
    for (const path of [folder.spool, folder.staging]) await mkdir(path, { recursive: true })
    await symlink(join(home, 'secret'), join(folder.spool, 'heartbeat'))
    await layDown(folder, 'heartbeat', 'beat')
    expect(await readFile(join(home, 'secret'), 'utf8')).toBe('four')
    expect((await lstat(join(folder.spool, 'heartbeat'))).isFile()).toBe(true)
    expect((await stat(join(folder.spool, 'heartbeat'))).size).toBe(4)
  })
})
