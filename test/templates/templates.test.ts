import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { OPERATORS } from '../../src/operators/all.ts'
import { checkProject } from '../../src/workflow/check-project.ts'
import { planOf, treeOf } from '../environment/source-files.ts'

const run = promisify(execFile)
const now = new Date('2026-03-28T06:00:00Z')
const expressions = await openExpressions()
const folders: string[] = []
afterAll(async () => {
  expressions.close()
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })))
})

const templateOf = (name: string) => new URL(`../../templates/${name}/`, import.meta.url)

async function filesOf(name: string): Promise<Record<string, string>> {
  const entries = await readdir(templateOf(name), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const root = templateOf(name).pathname
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path.slice(root.length), await readFile(path, 'utf8')] as const)),
  )
}

describe.each(['weather', 'hello'])('the template %s', (name) => {
  it('is a project without a problem, for which nothing has to be installed', async () => {
    const files = await filesOf(name)
    const texts = new Map(Object.entries(files))
    const checked = checkProject({ tree: treeOf(files), texts, operators: new Set(OPERATORS.keys()), expressions, now })
    if (checked.kind === 'needs') throw new Error(checked.paths.join())
    expect(checked.problems).toEqual([])
    expect(checked.workflows.map((workflow) => [workflow.name, workflow.schedule?.kind])).toEqual([
      [name, name === 'weather' ? 'hourly' : 'daily'],
    ])
    expect(planOf(files)).toMatchObject({ kind: 'planned', notices: [], plan: { parts: [] } })
  })
})

const RUNNER = new URL('../../src/operators/runner.py', import.meta.url)

describe('the pipeline of the template weather', () => {
  it('makes its page from its measurements, in the image that it gets and without a network', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-weather-'))
    folders.push(folder)
    await cp(templateOf('weather'), folder, { recursive: true })
    await cp(RUNNER, join(folder, 'runner.py'))
    const user = `${process.getuid?.()}:${process.getgid?.()}`
    const inImage = (...argv: string[]) =>
      run('docker', [
        'run',
        '--rm',
        '--network=none',
        '--read-only',
        `--user=${user}`,
        `--volume=${folder}:/workspace`,
        'sluice/base',
        ...argv,
      ])
    const python = async (command: string, params: object) => {
      await writeFile(join(folder, 'input.json'), JSON.stringify({ params }))
      await inImage('python3', 'runner.py', command, 'input.json', 'output.json')
      return JSON.parse(await readFile(join(folder, 'output.json'), 'utf8')).store_params
    }
    const source = 'data/seattle-weather.csv'
    const stored = await python('weather.readings.extract', { source })
    expect(stored).toEqual({ days: 1461, years: [2012, 2013, 2014, 2015] })
    expect((await inImage('scripts/check.sh', source)).stdout).toBe('1461 days checked, 0 of them wrong\n')
    for (const year of stored.years) await python('weather.months.summarise', { year })
    await python('weather.report.draw', {})
    expect(await python('weather.report.write', {})).toEqual({ wettest: '2015-12', warmest: '2015-07' })
    const page = await readFile(join(folder, 'out/report.html'), 'utf8')
    expect(page.match(/<rect /g)).toHaveLength(96)
    expect(page).toContain('Wettest: 2015-12: 284.5 mm of rain on 25 days')
  })

  it('stops at its check when a measurement cannot be', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-weather-'))
    folders.push(folder)
    const csv = await readFile(new URL('data/seattle-weather.csv', templateOf('weather')), 'utf8')
    await writeFile(join(folder, 'bad.csv'), csv.replace('2012-01-03,0.8,11.7,7.2', '2012-01-03,0.8,1.7,7.2'))
    const checking = run('sh', [new URL('scripts/check.sh', templateOf('weather')).pathname, join(folder, 'bad.csv')])
    await expect(checking).rejects.toMatchObject({
      code: 1,
      stdout: 'line 4: the minimum 7.2 is above the maximum 1.7\n1461 days checked, 1 of them wrong\n',
    })
  })
})
