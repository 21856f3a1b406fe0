import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, openClient } from '../../src/cli/client.ts'
import { main } from '../../src/cli/main.ts'
import type { Host, Run, Tools } from '../../src/cli/tools.ts'
import { readTemplates } from '../../src/docker/templates.ts'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { OPERATORS } from '../../src/operators/all.ts'

/** Each command line is typed a second after the one before. */
let typed = 0

/** A command line against `answer` instead of a network: what it printed, and its exit code. */
export function openDesk(
  answer: (request: Request) => Response | Promise<Response>,
  { token = 'sluice_test' as string | undefined, input = '', run = runReally, host = {} as Partial<Host> } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
  const server = { url: 'http://127.0.0.1:8080', token, tokenFrom: '/home/ana/.sluice/token' }
  const client: Client = openClient(server, async (request) => answer(request))
  return {
    folder,
    async sluice(...argv: string[]) {
      const out: Buffer[] = []
      const err: string[] = []
      const tools: Tools = {
        client,
        say: (line) => out.push(Buffer.from(`${line}\n`)),
        note: (line) => err.push(`${line}\n`),
        write: (bytes) => out.push(Buffer.from(bytes)),
        readInput: async () => input,
        run,
        wait: async () => {},
        now: () => new Date(Date.parse('2026-03-28T06:14:08Z') + 1000 * typed++),
        host: { ...untouched(folder), ...host },
      }
      const code = await main(argv, tools)
      return { code, out: Buffer.concat(out).toString(), err: err.join('') }
    },
  }
}

const untouched = (folder: string): Host => ({
  cwd: folder,
  home: join(folder, '.sluice'),
  version: '0.1.0',
  templates: join(import.meta.dirname, 'templates'),
  self: "'/usr/bin/node' '/opt/sluice/dist/cli.js'",
  language: {
    operators: async () => new Set(OPERATORS.keys()),
    openExpressions,
    environment: async () => ({ baseImage: 'sluice/base', templates: await readTemplates() }),
  },
  serve: async () => 0,
  serveWeb: async () => 0,
  work: async () => 0,
  runLocally: async () => 'success',
  examine: async () => [{ about: 'git', verdict: 'fine', text: '2.50.1', hint: null }],
  resetAdmin: async () => 'new password',
})

export const runReally: Run = (argv, { cwd, isShown }) =>
  new Promise((resolve, reject) => {
    const [command = '', ...words] = argv
    const child = spawn(command, words, {
      cwd,
      stdio: ['ignore', isShown ? 'ignore' : 'pipe', isShown ? 'ignore' : 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }))
  })
