import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Commit, ProjectId } from '../../src/brand.ts'
import { openRepositories } from '../../src/git/repositories.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-repositories-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
const id = '1' as ProjectId
const WHO = ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.com']

it('a branch is moved from where it is said to be, and from nowhere else', async () => {
  const repositories = openRepositories(folder)
  await repositories.create(id, 'main')
  const git = (...words: string[]) =>
    execFileSync('git', [...WHO, ...words], { cwd: repositories.pathOf(id), input: '' })
      .toString()
      .trim()
  const tree = git('mktree')
  const [one, two] = ['one', 'two'].map((message) => git('commit-tree', '-m', message, tree) as Commit)
  if (one === undefined || two === undefined) throw new Error('nothing was committed')
  const at = async () => (await repositories.branches(id)).get('main')

  expect(await repositories.moveBranchIfAt(id, 'main', two, one)).toBe(false) // it is not there yet
  expect(await repositories.moveBranchIfAt(id, 'main', null, one)).toBe(true)
  expect(await repositories.moveBranchIfAt(id, 'main', null, two)).toBe(false)
  expect(await at()).toBe(one)
  expect(await repositories.moveBranchIfAt(id, 'main', one, two)).toBe(true)
  expect(await repositories.moveBranchIfAt(id, 'main', one, one)).toBe(false)
  expect(await at()).toBe(two)
})
