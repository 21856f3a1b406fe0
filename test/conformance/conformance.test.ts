import { afterAll, beforeAll, describe, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { caseNames, readCase, readExpected } from './cases.ts'
import { DIFFERENCES, WAITING, withDifferences } from './known.ts'
import { normalise, type Raw } from './normalise.mjs'
import { type Ask, runCase } from './run-case.ts'

let server: TestServer
let ask: Ask
const passed: string[] = []
const waiting = Object.values(WAITING).flat()

beforeAll(async () => {
  server = await startServer({ env: { SLUICE_EXECUTOR: 'process', SLUICE_SLOTS: '16', PATH } })
  const token = await server.token()
  ask = (method, path, body) =>
    fetch(`${server.url}${path}`, { method, headers: headersOf(token, body), body: bodyOf(body) })
})

afterAll(async () => {
  await server.stop()
  const differing = Object.entries(DIFFERENCES)
  const lines = [
    `${passed.length} passed, ${differing.length} differing on purpose, ${waiting.length} waiting`,
    ...differing.map(([name, { reason }]) => `  differs: ${name}: ${reason}`),
    ...Object.entries(WAITING).map(([area, names]) => `  waits for ${area}: ${names.join(' ')}`),
  ]
  console.log(lines.join('\n'))
})

/** What any user may enter: where a shell may not look it calls what it does not find forbidden. */
const PATH = '/usr/local/bin:/usr/bin:/bin'

/** On a machine that is busy. */
const PATIENCE_MS = 120_000

describe('a project that was recorded on a real Digdag', () => {
  it.concurrent.for(caseNames())('%s', { timeout: PATIENCE_MS }, async (name, { expect }) => {
    const given = JSON.parse(JSON.stringify(normalise(withOurFolders(await runCase(ask, readCase(name))))))
    const expected = readExpected(name)
    if (waiting.includes(name)) return expect(given, 'no longer waiting').not.toEqual(expected)
    const difference = DIFFERENCES[name]
    expect(given).toEqual(difference === undefined ? expected : withDifferences(expected, difference))
    if (difference === undefined) passed.push(name)
  })
})

/** The normaliser knows Digdag's folders; a task's, and that of its command, are ours. */
function withOurFolders(raw: Raw): Raw {
  const inside = `${server.home}/[^\\s"'():,]*?`
  return JSON.parse(
    JSON.stringify(raw)
      .replace(new RegExp(`${inside}/workspace(?![\\w-])`, 'g'), '<workspace>')
      .replace(new RegExp(`${inside}/spool/[\\d-]+/runner\\.sh`, 'g'), '<script>'),
  )
}

const headersOf = (token: string, body: unknown) => ({
  authorization: `Bearer ${token}`,
  'content-type': Buffer.isBuffer(body) ? 'application/gzip' : 'application/json',
})

const bodyOf = (body: unknown) => (body === undefined ? null : Buffer.isBuffer(body) ? body : JSON.stringify(body))
