import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { vi } from 'vitest'
import type { AttemptAnswer, DeployAnswer, TaskAnswer } from '../../src/http/api/answers.ts'
import { removeImages, type TestServer } from './server.ts'

/** Of one whole story, on a machine that is busy. */
export const STORY_MS = 400_000

/** A project's repository, made by `sluice init`, with files of the story's own. Its name is nobody else's: images are named by it. */
export async function makeProject(server: TestServer, files: Readonly<Record<string, string>> = {}) {
  const name = `story-${randomBytes(4).toString('hex')}`
  const folder = join(server.home, name)
  must(await server.sluice(server.home, 'init', name))
  const git = (...words: string[]) => server.git(folder, ...words)
  const project = {
    name,
    folder,
    git,
    sluice: (...words: string[]) => server.sluice(folder, ...words),
    commit: async (changed: Readonly<Record<string, string>>, message = 'Change') => {
      for (const [path, text] of Object.entries(changed)) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      }
      must(await git('add', '--all'))
      must(await git('commit', '--quiet', '--allow-empty', '--message', message))
      return must(await git('rev-parse', 'HEAD')).out.trim()
    },
    push: () => git('push', 'sluice', 'main'),
    startPush: () => server.startGit(folder, 'push', 'sluice', 'main'),
    start: async (workflow: string) => {
      const { out } = must(await server.sluice(folder, 'start', name, workflow, '--json'))
      return (JSON.parse(out) as AttemptAnswer).id
    },
    deploys: async () =>
      (await server.api<{ deploys: DeployAnswer[] }>(`/api/deploys?project=${name}`)).deploys.filter(
        (deploy) => deploy.project.name === name,
      ),
    /** The commit that somebody who clones now gets. */
    published: async () => (await git('ls-remote', 'sluice', 'refs/heads/main')).out.slice(0, 40),
    remove: () => removeImages(name),
  }
  if (Object.keys(files).length > 0) {
    must(await git('rm', '--quiet', '-r', '.'))
    await project.commit(files)
  }
  return project
}

export type Project = Awaited<ReturnType<typeof makeProject>>

export function must<Ended extends { readonly code: number | null; readonly all: string }>(ended: Ended): Ended {
  if (ended.code !== 0) throw new Error(`It ended with ${ended.code}:\n${ended.all}`)
  return ended
}

const PATIENCE = { timeout: 180_000, interval: 50 }

export const attemptOf = (server: TestServer, id: string) => server.api<AttemptAnswer>(`/api/attempts/${id}`)

export const endOf = (server: TestServer, id: string) =>
  vi.waitFor(async () => {
    const attempt = await attemptOf(server, id)
    if (!attempt.done) throw new Error(`attempt ${id} goes on: ${server.output()}`)
    return attempt
  }, PATIENCE)

export const tasksOf = async (server: TestServer, id: string) =>
  (await server.api<{ tasks: TaskAnswer[] }>(`/api/attempts/${id}/tasks`)).tasks

/** Full names without the workflow's, and states. */
export const statesOf = async (server: TestServer, id: string) =>
  Object.fromEntries((await tasksOf(server, id)).map(({ fullName, state }) => [fullName, state]))

/** What the task said, without the line before it that says what it is. */
export async function logOf(server: TestServer, id: string, task: string): Promise<string> {
  return must(await server.sluice(server.home, 'log', id, task)).out.replace(/^[-\d]+ [:.\d]+ .*\n/, '')
}

/** Until the log of the task has the line. */
export const logHas = (server: TestServer, id: string, task: string, line: string) =>
  vi.waitFor(async () => {
    const { out } = await server.sluice(server.home, 'log', id, task)
    if (!out.includes(line)) throw new Error(`${task} has not said ${line} yet`)
  }, PATIENCE)

export const eventually = <Seen>(look: () => Promise<Seen | undefined | false>) =>
  vi.waitUntil(look, PATIENCE) as Promise<Seen>
