import { afterAll, describe, expect, inject, it } from 'vitest'
import { receivePush } from '../../src/app/receive-push.ts'
import { resumeDeploys } from '../../src/app/resume-deploys.ts'
import type { Commit, DeployId, ProjectId } from '../../src/brand.ts'
import { findDeploy, takeOverDeploy } from '../../src/db/deploys.ts'
import { createProject } from '../../src/db/projects.ts'
import { openDatabase } from '../../src/db/sql.ts'
import { NOW, openDeliveryServer, until } from '../support/delivery.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'
import { openProxy } from '../support/proxy.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, schema, drop } = await openTestSchema('resume-deploys')
const server = await openDeliveryServer(sql)
/** The server that comes after the one that died. */
const next = {
  ...server.deploy,
  running: new Set<DeployId>(),
  holder: { owner: 'test/2', leaseSeconds: 60, isGone: (owner: string) => owner === 'test/1' },
}
const made: TestRepository[] = []
afterAll(async () => {
  expect(server.bugs).toEqual([])
  await server.close()
  for (const repository of made) await repository.remove()
  await drop()
})

const BEGINS_AGAIN = '       The database was away, or had no room: this deploy begins again'
const DAILY = { 'daily.dig': '+a:\n  echo>: hello\n' }
const NONE = '0'.repeat(40)

/** A project whose repository has a commit that no branch points at yet: where a push stands when `update` asks. */
async function pushedProject(name: string, files: Record<string, string> = DAILY) {
  const repository = await makeRepository(files)
  made.push(repository)
  const project = await createProject(sql, name, NOW)
  await server.repositories.create(project.id, null)
  const path = server.repositories.pathOf(project.id)
  await repository.git('push', '-q', path, 'main:refs/sluice/pushed')
  const commit = (await repository.git('rev-parse', 'main')).out.trim() as Commit
  return { project, commit, repository }
}

const pushOf = (projectId: ProjectId) =>
  receivePush(server.deploy, {
    projectId,
    pushedBy: 'ana',
    handed: async () => ({ refs: ['refs/heads/main'], options: [] }),
  })

const branchOf = async (projectId: ProjectId) => (await server.repositories.branches(projectId)).get('main')

/** A push that was not waited for may not have come so far as to have one. */
const onlyDeploy = (projectId: ProjectId) =>
  until(async () => {
    const [row] = await sql<{ id: DeployId }[]>`select id from deploys where project_id = ${projectId} order by id desc`
    return row && findDeploy(sql, row.id)
  })

const resume = async () => Promise.all(await resumeDeploys(next))

describe('a deploy whose server died', () => {
  it('while it waited for its image goes live, and the branch is moved by whoever finishes it', async () => {
    const { project, commit } = await pushedProject('building', { ...DAILY, 'requirements.txt': 'pandas' })
    const hook = pushOf(project.id).answer({ ref: 'refs/heads/main', from: NONE, to: commit }, () => {})
    const build = await server.builder.begun()
    await until(async () => (await onlyDeploy(project.id)).state === 'building')
    const resumed = resume() // the first server lives on as far as this process goes: its claim is an old one now
    await until(async () => (await onlyDeploy(project.id)).owner === 'test/2')
    await server.builder.end(build, null)
    await resumed
    expect(await onlyDeploy(project.id)).toMatchObject({ state: 'live', epoch: '2', settledAt: expect.any(Date) })
    expect(await branchOf(project.id)).toBe(commit)
    expect(await hook).toBe('yes')
    expect(await sql`select number from revisions where project_id = ${project.id}`).toEqual([{ number: 1 }])
  })

  it('is declined when its build failed meanwhile', async () => {
    const { project, commit } = await pushedProject('unbuilt', { ...DAILY, 'requirements.txt': 'nothing' })
    void pushOf(project.id).answer({ ref: 'refs/heads/main', from: NONE, to: commit }, () => {})
    const build = await server.builder.begun()
    await until(async () => (await onlyDeploy(project.id)).state === 'building')
    await takeOverDeploy(sql, await onlyDeploy(project.id), { owner: 'test/1', leaseSeconds: 60 })
    await server.builder.end(build, 'pip failed')
    await resume()
    expect(await onlyDeploy(project.id)).toMatchObject({
      state: 'declined',
      problem: expect.stringContaining('pip failed'),
    })
    expect(await branchOf(project.id)).toBeUndefined()
  })

  it('between the release and the move of the branch gets its branch moved', async () => {
    const { project, commit } = await pushedProject('live')
    const push = pushOf(project.id)
    expect(await push.answer({ ref: 'refs/heads/main', from: NONE, to: commit }, () => {})).toBe('yes')
    expect(await onlyDeploy(project.id)).toMatchObject({ state: 'live', settledAt: null })
    expect(await branchOf(project.id)).toBeUndefined()
    await resume()
    expect(await branchOf(project.id)).toBe(commit)
    expect((await onlyDeploy(project.id)).settledAt).toEqual(NOW)
    await push.settle() // the first one comes late: nothing is done twice
    expect(await branchOf(project.id)).toBe(commit)
  })

  it('is left alone while its server may live', async () => {
    const { project, commit } = await pushedProject('alive')
    const push = pushOf(project.id)
    await push.answer({ ref: 'refs/heads/main', from: NONE, to: commit }, () => {})
    const patient = { ...next, holder: { ...next.holder, isGone: () => false } }
    expect(await resumeDeploys(patient)).toEqual([])
    await sql`update deploys set lease_until = clock_timestamp() - interval '1 second' where project_id = ${project.id}`
    await Promise.all(await resumeDeploys(patient))
    expect(await branchOf(project.id)).toBe(commit)
    await push.settle()
  })
})

describe('a deploy whose database goes away', () => {
  it('begins again when it is back, and its pusher hears that it is live', async () => {
    const { project, commit } = await pushedProject('away', { ...DAILY, 'requirements.txt': 'numpy' })
    const proxy = await openProxy(new URL(inject('databaseUrl')))
    const far = openDatabase(proxy.url, { max: 5, schema })
    const handed = async () => ({ refs: ['refs/heads/main'], options: [] })
    const push = receivePush({ ...server.deploy, sql: far }, { projectId: project.id, pushedBy: 'ana', handed })
    const lines: string[] = []
    const answer = push.answer({ ref: 'refs/heads/main', from: NONE, to: commit }, (line) => lines.push(line))
    const build = await server.builder.begun()
    await until(async () => (await onlyDeploy(project.id)).state === 'building')
    await proxy.cut()
    await server.builder.end(build, null) // the hint makes it look, in vain
    await proxy.mend()
    expect(await answer).toBe('yes')
    expect(lines).toContain(BEGINS_AGAIN)
    await push.settle()
    expect(await onlyDeploy(project.id)).toMatchObject({ state: 'live', epoch: '2', settledAt: expect.any(Date) })
    expect(await branchOf(project.id)).toBe(commit)
    expect(await sql`select number from revisions where project_id = ${project.id}`).toEqual([{ number: 1 }])
    await far.end({ timeout: 1 })
    await proxy.close()
  })
})

describe('a deploy whose database is full', () => {
  /** As PostgreSQL says it, for a row that the condition holds for. */
  async function fillUp(table: string, condition: string) {
    await sql.unsafe(`create function no_room() returns trigger language plpgsql as
      $$ begin if ${condition} then raise exception 'no room' using errcode = '53100'; end if; return new; end $$`)
    await sql.unsafe(`create trigger no_room before insert on ${table} for each row execute function no_room()`)
    return () => sql`drop function no_room cascade`
  }
  const startPush = async (name: string) => {
    const { project, commit } = await pushedProject(name)
    const [lines, bugs]: [string[], unknown[]] = [[], []]
    const handed = async () => ({ refs: ['refs/heads/main'], options: [] })
    const ports = { ...server.deploy, onBug: (error: unknown) => bugs.push(error) }
    const push = receivePush(ports, { projectId: project.id, pushedBy: 'ana', handed })
    const change = { ref: 'refs/heads/main', from: NONE, to: commit }
    const answer = () => push.answer(change, (line) => lines.push(line))
    return { project, commit, lines, bugs, answer, settle: push.settle }
  }
  it('is failed at once and says so, and the next one can begin when there is room', async () => {
    const { project, lines, bugs, answer, settle } = await startPush('full')
    const makeRoom = await fillUp('revisions', 'true')
    expect(await answer()).toBe('no')
    expect(lines.slice(-2)).toEqual([
      ' !     The database has no room to write, so nothing was deployed',
      ' !     Push again when its operator has made some',
    ])
    expect(lines).not.toContain(BEGINS_AGAIN)
    expect(bugs).toEqual([expect.objectContaining({ code: '53100' })])
    expect(await onlyDeploy(project.id)).toMatchObject({ state: 'failed', epoch: '1' })
    await makeRoom()
    expect(await answer()).toBe('yes')
    await settle()
  })

  it('waits for room when nobody waits for it, and goes live', async () => {
    const { project, commit } = await pushedProject('full-unwatched', { ...DAILY, 'requirements.txt': 'scipy' })
    const forsaken = pushOf(project.id).answer({ ref: 'refs/heads/main', from: NONE, to: commit }, () => {})
    const build = await server.builder.begun()
    await until(async () => (await onlyDeploy(project.id)).state === 'building')
    const bugs: unknown[] = []
    const resumed = Promise.all(await resumeDeploys({ ...next, onBug: (error) => bugs.push(error) }))
    const makeRoom = await fillUp('revisions', 'true')
    await server.builder.end(build, null)
    await until(async () => bugs.length > 0)
    expect(bugs).toEqual([expect.objectContaining({ code: '53100' })])
    expect(await onlyDeploy(project.id)).toMatchObject({ finishedAt: null })
    await makeRoom()
    await resumed
    expect(await onlyDeploy(project.id)).toMatchObject({ state: 'live', settledAt: expect.any(Date) })
    expect(await forsaken).toBe('yes')
  })

  it('after it went live is live to its pusher too', async () => {
    const { project, commit, lines, answer, settle } = await startPush('full-late')
    const makeRoom = await fillUp(
      'log_chunks',
      `exists (select from deploys where log_id = new.log_id and state = 'live')`,
    )
    expect(await answer()).toBe('yes')
    expect(lines.join()).not.toContain('nothing was deployed')
    await makeRoom()
    await settle()
    expect(await branchOf(project.id)).toBe(commit)
  })
})

describe('a deploy that meets a bug', () => {
  it('is failed, and the next one can begin', async () => {
    const { project, commit } = await pushedProject('bug')
    const bugs: unknown[] = []
    const broken = {
      ...server.deploy,
      repositories: { ...server.repositories, tree: () => Promise.reject(new Error('disk on fire')) },
      onBug: (error: unknown) => bugs.push(error),
    }
    const handed = async () => ({ refs: ['refs/heads/main'], options: [] })
    const lines: string[] = []
    const push = receivePush(broken, { projectId: project.id, pushedBy: 'ana', handed })
    const change = { ref: 'refs/heads/main', from: NONE, to: commit }
    expect(await push.answer(change, (line) => lines.push(line))).toBe('no')
    expect(bugs).toEqual([new Error('disk on fire')])
    expect(lines.at(-2)).toBe(' !     Sluice failed while it deployed this; its operator was told')
    expect(await onlyDeploy(project.id)).toMatchObject({ state: 'failed' })
    expect(await pushOf(project.id).answer(change, () => {})).toBe('yes')
    await resume()
  })

  it('after it went live is told to the operator, and the pusher still hears that it is live', async () => {
    const { project, commit } = await pushedProject('late-bug')
    const bugs: unknown[] = []
    let isBroken = true
    const hear: typeof server.deploy.hints.hear = (topic, look) => {
      if (!topic.startsWith('deploy:') || !isBroken) return server.deploy.hints.hear(topic, look)
      isBroken = false
      throw new Error('deaf')
    }
    const broken = { ...server.deploy, hints: { hear }, onBug: (error: unknown) => bugs.push(error) }
    const handed = async () => ({ refs: ['refs/heads/main'], options: [] })
    const push = receivePush(broken, { projectId: project.id, pushedBy: 'ana', handed })
    expect(await push.answer({ ref: 'refs/heads/main', from: NONE, to: commit }, () => {})).toBe('yes')
    expect(bugs).toEqual([new Error('deaf')])
    await push.settle()
  })
})

describe('two deploys of a branch', () => {
  it('never run at once, however they are started', async () => {
    const { project, commit, repository } = await pushedProject('both')
    const path = server.repositories.pathOf(project.id)
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const push = pushOf(project.id)
        const answer = await push.answer({ ref: 'refs/heads/main', from: NONE, to: commit }, () => {})
        await push.settle()
        return answer
      }),
    )
    expect(answers.filter((answer) => answer === 'yes')).toHaveLength(1)
    expect(
      await sql`select state, count(*)::int from deploys where project_id = ${project.id} group by 1 order by 1`,
    ).toEqual([
      { state: 'live', count: 1 },
      { state: 'declined', count: 7 },
    ])
    expect((await repository.git('ls-remote', path, 'refs/heads/main')).out.slice(0, 40)).toBe(commit)
  })
})

describe('a stranger to the branch', () => {
  it('is told what stands in the way, before anything is live', async () => {
    const { project, commit, repository } = await pushedProject('way')
    await repository.git('push', '-q', server.repositories.pathOf(project.id), 'main:refs/heads/main/sub')
    const lines: string[] = []
    const push = pushOf(project.id)
    expect(await push.answer({ ref: 'refs/heads/main', from: NONE, to: commit }, (line) => lines.push(line))).toBe('no')
    expect(lines[0]).toBe(' !     git cannot have main beside main/sub')
  })
})
