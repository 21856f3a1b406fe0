import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LocalRun } from '../src/cli/tools.ts'
import { openExpressions } from '../src/expression/sandbox.ts'
import { runHere } from '../src/local.ts'
import { OPERATORS } from '../src/operators/all.ts'
import { checkProject } from '../src/workflow/check-project.ts'

/** Runs `text` as main.dig, beside `files`. */
async function run(text: string, { files = {}, image = null as string | null, params = {}, stopAt = '' } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-local-'))
  await chmod(folder, 0o755)
  for (const [path, content] of Object.entries({ 'main.dig': text, ...files }))
    await writeFile(join(folder, path), content as string)
  const home = join(folder, '.sluice/run')
  await mkdir(home, { recursive: true })
  const stopping = new AbortController()
  const told: string[] = []
  let output = ''
  const place = {
    home,
    env: {},
    extraCa: null,
    limits: { memoryBytes: 2 ** 29, cpus: 1, pids: 100 },
    now: () => new Date(),
  }
  const request: LocalRun = {
    folder,
    workflow: await read(folder, text),
    sessionTime: new Date('2026-03-28T00:00:00Z'),
    params,
    image,
    write: (name, bytes) => {
      output += `${name}: ${Buffer.from(bytes)}`
      if (stopAt !== '' && output.includes(stopAt)) stopping.abort()
    },
    tell: (name, state, why) => told.push(`${name} ${state}${why === null ? '' : ` ${why}`}`),
  }
  return { outcome: await runHere(place, request, stopping.signal), told, output, folder }
}

async function read(folder: string, text: string) {
  const expressions = await openExpressions()
  const tree = (await readdir(folder)).map((path) => ({ path, mode: '100644', bytes: text.length }))
  const project = {
    tree,
    texts: new Map([['main.dig', text]]),
    operators: new Set(OPERATORS.keys()),
    expressions,
    now: new Date(),
  }
  const checked = checkProject(project)
  expressions.close()
  const [workflow] = checked.kind === 'checked' ? checked.workflows : []
  if (workflow === undefined) throw new Error(`main.dig is not right: ${JSON.stringify(checked)}`)
  return workflow
}

describe('a run without a server', () => {
  it('runs the tasks in order, in one workspace, with params and session', async () => {
    const { outcome, output, told, folder } = await run(
      `+a:\n  sh>: cat input > made; echo \${who} \${session_date}\n+b:\n  sh>: cat made\n`,
      { files: { input: 'from the project\n' }, params: { who: 'ana' } },
    )
    expect(outcome).toBe('success')
    expect(output).toBe('+main+a: ana 2026-03-28\n+main+b: from the project\n')
    expect(told).toEqual([
      '+main+a running',
      '+main+a success exited with 0',
      '+main+b running',
      '+main+b success exited with 0',
    ])
    expect(await readFile(join(folder, '.sluice/workspace/made'), 'utf8')).toBe('from the project\n')
    const status = JSON.parse(await readFile(join(folder, '.sluice/status/20260328T000000+0000/+main+b.json'), 'utf8'))
    expect(status).toEqual({ fullName: '+main+b', state: 'success', storeParams: {}, exportParams: {}, error: null })
  })

  it('generates tasks, tries again, and says why it failed', async () => {
    const { outcome, told, output } = await run(
      `+each:\n  for_each>: {x: [1, 2]}\n  _do:\n    echo>: item \${x}\n+no:\n  _retry: 1\n  sh>: exit 3\n+never:\n  echo>: x\n`,
    )
    expect(outcome).toBe('error')
    expect(output).toContain('item 1')
    expect(output).toContain('item 2')
    expect(told.filter((line) => line.startsWith('+main+no'))).toEqual([
      '+main+no running',
      '+main+no ready exited with 3',
      '+main+no running',
      '+main+no error exited with 3',
    ])
    expect(told.some((line) => line.startsWith('+main+never'))).toBe(false)
  })

  it('stops what runs when it is told to', async () => {
    const { outcome, told } = await run('+a:\n  sh>: echo begun; sleep 600\n+b:\n  echo>: x\n', { stopAt: 'begun' })
    expect(outcome).toBe('canceled')
    expect(told).toEqual(['+main+a running', '+main+a canceled stopped'])
  })

  it('runs in a container of an image', async () => {
    const { outcome, output } = await run('+a:\n  sh>: test -f /.dockerenv && echo inside\n', {
      image: 'sluice/base',
    })
    expect([outcome, output]).toEqual(['success', '+main+a: inside\n'])
  })
})
