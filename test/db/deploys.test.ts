import { afterAll, expect, it } from 'vitest'
import type { RevisionId } from '../../src/brand.ts'
import { insertPush } from '../../src/db/deliveries.ts'
import {
  finishDeployIfHeld,
  insertDeploy,
  moveDeployIfHeld,
  renewDeployLease,
  settleDeployIfHeld,
  takeOverDeploy,
} from '../../src/db/deploys.ts'
import { insertLog } from '../../src/db/logs.ts'
import { makeWorkflow, now } from '../support/attempts.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('deploys')
afterAll(drop)

it('a deploy is moved by whoever holds it, and no more by whom it was taken from', async () => {
  const { projectId } = await makeWorkflow(sql, {})
  const [{ id }] = await sql<[{ id: RevisionId }]>`select id from revisions where project_id = ${projectId}`
  const commits = { oldCommit: null, newCommit: '1'.repeat(40) }
  const push = { projectId, ref: 'refs/heads/main', ...commits, pushedBy: 'ana', pushOptions: [] }
  const deliveryId = await insertPush(sql, push, now)
  const deploy = { projectId, deliveryId, branch: 'main', ...commits, logId: await insertLog(sql) }
  const old = await insertDeploy(sql, deploy, { owner: 'a', leaseSeconds: 60 }, now)
  await moveDeployIfHeld(sql, old, 'checking')
  const taken = await takeOverDeploy(sql, old, { owner: 'b', leaseSeconds: 60 })
  if (taken === undefined) throw new Error('it was not taken over')
  expect(await takeOverDeploy(sql, old, { owner: 'c', leaseSeconds: 60 })).toBeUndefined()
  expect(await moveDeployIfHeld(sql, old, 'releasing')).toBe(false)
  expect(await moveDeployIfHeld(sql, taken, 'releasing')).toBe(true)

  const live = { state: 'live', revisionId: id } as const
  expect(await renewDeployLease(sql, old, 60)).toBe(false)
  expect(await finishDeployIfHeld(sql, old, { state: 'failed', problem: 'x' }, now)).toBe(false)
  expect(await finishDeployIfHeld(sql, old, live, now)).toBe(false)
  expect(await finishDeployIfHeld(sql, taken, live, now)).toBe(true)
  expect(await settleDeployIfHeld(sql, old, now)).toBe(false)
  expect(await settleDeployIfHeld(sql, taken, now)).toBe(true)
})
