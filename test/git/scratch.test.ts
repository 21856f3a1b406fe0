import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeScratch, sweepScratch } from '../../src/git/scratch.ts'

describe('a scratch folder', () => {
  it('is for its own user alone', async () => {
    const folder = await makeScratch('key')
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    await rm(folder, { recursive: true })
  })

  it('is removed once its process is gone, and not before', async () => {
    const living = await makeScratch('fetch')
    const name = basename(living)
    const child = spawn('sleep', ['600'])
    await once(child, 'spawn')
    const others = name.replace(`-${process.pid}.`, `-${child.pid}.`)
    const dead = await planted(join(dirname(living), others))

    await sweepScratch()
    expect(await here(living, dead)).toEqual([name, others])

    child.kill('SIGKILL')
    await once(child, 'exit')
    await sweepScratch()
    expect(await here(living, dead)).toEqual([name])
    await rm(living, { recursive: true })
  })

  it('of another container is left alone, whatever its process number is here', async () => {
    const folder = await makeScratch('hooks')
    const foreign = await planted(folder.replace(/-\d+\.\d+-/, '-4194304.7-'))
    await sweepScratch()
    expect(await here(foreign)).toEqual([basename(foreign)])
    for (const path of [folder, foreign]) await rm(path, { recursive: true })
  })
})

async function planted(folder: string): Promise<string> {
  await mkdir(folder)
  await writeFile(join(folder, 'key'), 'a key')
  return folder
}

async function here(...folders: readonly string[]): Promise<readonly string[]> {
  const names = await readdir(dirname(String(folders[0])))
  return folders.map((folder) => basename(folder)).filter((name) => names.includes(name))
}
