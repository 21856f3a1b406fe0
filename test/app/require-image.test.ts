import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { requireImage } from '../../src/app/require-image.ts'
import type { Digest, ProjectId } from '../../src/brand.ts'
import { claimBuild, finishBuildIfHeld, releaseBuildIfHeld, renewBuildIfHeld } from '../../src/db/builds.ts'
import { putBaseImage, putImage } from '../../src/db/images.ts'
import type { Plan } from '../../src/environment/plan.ts'
import type { Ring } from '../../src/queue/wake-ups.ts'
import { planOf } from '../environment/source-files.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('require-image')
afterAll(drop)
const now = new Date('2026-03-28T06:00:00Z')
const rung: Ring[] = []
const wakeUps = { ring: async (rings: readonly Ring[]) => void rung.push(...rings) }
const sourceDigest = `sha256:${'0'.repeat(64)}` as Digest
const plan = planned({ 'requirements.txt': 'six' })

function planned(files: Record<string, string>): Plan {
  const it = planOf(files)
  if (it.kind !== 'planned') throw new Error(it.message)
  return it.plan
}

let projectId: ProjectId
beforeEach(async () => {
  rung.length = 0
  await sql`truncate projects, images, base_images, builds, sources cascade`
  await sql`insert into sources values (${sourceDigest}, 0, '', ${now})`
  const [project] = await sql<
    [{ id: ProjectId }]
  >`insert into projects (name, created_at) values ('p', ${now}) returning id`
  projectId = project.id
})
const need = () => requireImage({ sql, wakeUps }, { projectId, plan, sourceDigest }, now)
const claim = async (leaseMs = 10_000) => {
  const claimed = await claimBuild(sql, { workerId: '1', leaseMs })
  if (claimed === undefined) throw new Error('nothing to claim')
  return claimed
}

describe('an image that a revision needs', () => {
  it('is queued once, however many need it at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, need))
    expect(new Set(all.map((one) => one.kind === 'building' && one.buildId)).size).toBe(1)
    expect(await sql`select from builds`).toHaveLength(1)
    expect(rung[0]).toMatchObject({ kind: 'build', queue: 'build' })
  })

  it('is known once it was built', async () => {
    const { imageKey } = await need()
    await putImage(sql, { key: imageKey, tag: 't', imageId: 'sha256:1', bytes: 1, digest: null }, now)
    expect(await need()).toEqual({ kind: 'known', imageKey })
  })

  it('is built anew when a worker tells of another base image', async () => {
    const { imageKey } = await need()
    await putImage(sql, { key: imageKey, tag: 't', imageId: 'sha256:1', bytes: 1, digest: null }, now)
    await putBaseImage(sql, 'sluice/base', 'sha256:2', now)
    expect((await need()).kind).toBe('building')
  })

  it('is queued again after its build failed', async () => {
    const first = await need()
    expect(await finishBuildIfHeld(sql, await claim(), { problem: 'Step 2 failed', hint: 'Push again' }, now)).toBe(
      true,
    )
    const second = await need()
    expect(second.kind === 'building' && first.kind === 'building' && second.buildId !== first.buildId).toBe(true)
  })
})

describe('a build', () => {
  it('is claimed by one worker, with its plan as it was', async () => {
    await need()
    const claims = await Promise.all([1, 2, 3].map(() => claimBuild(sql, { workerId: '1', leaseMs: 10_000 })))
    const won = claims.filter((one) => one !== undefined)
    expect(won).toHaveLength(1)
    expect(won[0]).toMatchObject({ epoch: '1', projectName: 'p', sourceDigest, plan })
  })

  it('that was given back is fenced off from whoever had it', async () => {
    await need()
    const first = await claim()
    expect(await releaseBuildIfHeld(sql, first)).toBe(true)
    const second = await claim()
    expect(await renewBuildIfHeld(sql, first, 10_000)).toBe(false)
    expect(await finishBuildIfHeld(sql, first, null, now)).toBe(false)
    expect(await finishBuildIfHeld(sql, second, null, now)).toBe(true)
  })
})
