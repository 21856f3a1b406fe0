import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../support/app.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { endOf, logOf, makeProject, must, type Project, STORY_MS, tasksOf } from '../support/story.ts'

const plant = (command: string) => `  sh>: ${command}\n`
const FILES = {
  'planted.dig': `_parallel: true
+link:
${plant('ln -s /etc/passwd "$SLUICE_RUN/output.json"')}
+device:
${plant('ln -s /dev/zero "$SLUICE_RUN/output.json"')}
+fifo:
${plant('mkfifo "$SLUICE_RUN/output.json"')}
+large:
${plant('head -c 5000000 /dev/zero > "$SLUICE_RUN/output.json"')}
+folder:
${plant('rm -rf "$SLUICE_RUN" && ln -s /etc "$SLUICE_RUN"')}`,
  'flood.dig': '+flood:\n  sh>: yes sluice | head -c 1000000000\n+after:\n  echo>: and on it goes\n',
}

let server: TestServer
let project: Project
beforeAll(async () => {
  server = await startServer({ env: { SLUICE_TASK_LOG: '1m' } })
  project = await makeProject(server, FILES)
  must(await project.push())
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
}, STORY_MS)

/** What was said after the first line, which names the task; without times and ids. */
const plain = (log: string) => log.replaceAll(/^[-\d]+ [:.\d]+ \S+ (\[ERROR\]) \(\S+?@\S+?\](\S+)\) /gm, '$1 ($2) ')

/** The page of an attempt, as a browser that is signed in gets it. */
async function readPage(path: string): Promise<string> {
  const body = new URLSearchParams({ name: 'admin', password: PASSWORD })
  const headers = { origin: server.url }
  const signIn = await fetch(`${server.url}/sign-in`, { method: 'POST', body, headers, redirect: 'manual' })
  const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  return (await fetch(`${server.url}${path}`, { headers: { cookie } })).text()
}

describe('a task that plants something in the place of its result', () => {
  it(
    'fails, and its log says what was found and what to do',
    async () => {
      const id = await project.start('planted')
      expect(await endOf(server, id)).toMatchObject({ status: 'error' })
      for (const what of ['link', 'device', 'fifo', 'large', 'folder'])
        await expect(plain(await logOf(server, id, `+planted+${what}`))).toMatchFileSnapshot(
          `../messages/task-planted-${what}.txt`,
        )
      expect((await server.api<{ done: boolean }>(`/api/attempts/${id}`)).done).toBe(true)
      expect(server.output()).not.toContain('root:')
    },
    STORY_MS,
  )
})

describe('a task that writes a gigabyte', () => {
  it(
    'keeps what fits, says where it was cut, and succeeds all the same',
    async () => {
      const id = await project.start('flood')
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      const log = await logOf(server, id, '+flood+flood')
      const end = log.slice(log.lastIndexOf('[sluice]'))
      await expect(end).toMatchFileSnapshot('../messages/task-log-flood.txt')
      expect(log.slice(0, 21)).toBe('sluice\nsluice\nsluice\n')
      expect(Buffer.byteLength(log)).toBeLessThan(2 ** 20 + 1000)
      const task = (await tasksOf(server, id)).find(({ fullName }) => fullName === '+flood+flood')
      expect(await readPage(`/attempts/${id}?task=${task?.id}`)).toContain(end.trim())
    },
    STORY_MS,
  )
})
