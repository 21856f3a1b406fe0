import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ProjectId } from '../../src/brand.ts'
import { openRepositories } from '../../src/git/repositories.ts'
import { makeRepository } from '../support/git.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-leftovers-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
const id = '1' as ProjectId
const repositories = openRepositories(folder)
await repositories.create(id, 'main')
const objects = join(repositories.pathOf(id), 'objects')
const LONG_AGO = new Date(Date.now() - 2 * 86_400_000)

async function quarantine(name: string, at: { folder: Date; pack: Date }): Promise<string> {
  const path = join(objects, name)
  await mkdir(join(path, 'pack'), { recursive: true })
  await writeFile(join(path, 'pack', 'tmp_pack_1'), 'half a pack')
  await utimes(join(path, 'pack', 'tmp_pack_1'), at.pack, at.pack)
  await utimes(join(path, 'pack'), at.folder, at.folder)
  await utimes(path, at.folder, at.folder)
  return path
}

describe('what a killed push has received', () => {
  it('lies in a folder that is known by its name', async () => {
    const bare = join(folder, 'asked.git')
    execFileSync('git', ['init', '-q', '--bare', bare])
    const hook = '#!/bin/sh\necho "in ${GIT_QUARANTINE_PATH##*/} of it"\n'
    await mkdir(join(bare, 'hooks'), { recursive: true })
    await writeFile(join(bare, 'hooks/pre-receive'), hook, { mode: 0o755 })
    const repository = await makeRepository({ 'a.txt': 'a' })
    const { err } = await repository.git('push', bare, 'main')
    await repository.remove()
    expect(err).toMatch(/in (tmp_objdir-)?incoming-\w+ of it/)
  })

  it('is removed when nothing was written to it for a day, and not before', async () => {
    const now = new Date()
    const [abandoned, older, receiving] = [
      await quarantine('tmp_objdir-incoming-abandoned', { folder: LONG_AGO, pack: LONG_AGO }),
      await quarantine('incoming-older', { folder: LONG_AGO, pack: LONG_AGO }),
      await quarantine('tmp_objdir-incoming-receiving', { folder: LONG_AGO, pack: now }),
    ]
    const other = await quarantine('pack', { folder: LONG_AGO, pack: LONG_AGO })
    await repositories.removeOldQuarantines()
    expect([abandoned, older, receiving, other].map(existsSync)).toEqual([false, false, true, true])
  })
})
