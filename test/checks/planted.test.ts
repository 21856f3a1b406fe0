import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A project with our configuration and nothing but `files`. */
function plant(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-planted-'))
  folders.push(folder)
  for (const name of ['package.json', 'tsconfig.json', 'biome.json', 'knip.json']) cpSync(name, join(folder, name))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

function check(name: string, files: Readonly<Record<string, string>>) {
  const script = resolve('scripts/checks/all.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, name], {
    cwd: plant(files),
    encoding: 'utf8',
  })
  return { passed: status === 0, said: stdout + stderr }
}

const CLEAN = {
  'src/server.ts': `import { a } from './db/a.ts'\n\nconsole.log(a)\n`,
  'src/db/a.ts': `export const a = 1\n`,
}

describe('the checks', () => {
  it.each(['lint', 'types', 'imports', 'size'])('pass over clean code: %s', (name) => {
    expect(check(name, { ...CLEAN, 'src/db/b.ts': 'export const b = () => 1\n' })).toMatchObject({ passed: true })
  })

  it.each([
    ['badly formatted code', 'export const a   = 1;\n', 'Formatter would have printed'],
    ['a promise that nobody awaits', 'export async function a() {}\na()\n', 'noFloatingPromises'],
    [
      'a switch that forgets a case',
      `export function a(x: 'b' | 'c') {\n  switch (x) {\n    case 'b':\n      return 1\n  }\n}\n`,
      'useExhaustiveSwitchCases',
    ],
    [
      'a promise where a boolean is meant',
      `export async function a() {}\nexport const b = a() ? 1 : 2\n`,
      'noMisusedPromises',
    ],
    ['any', 'export const a = (b: any) => b\n', 'noExplicitAny'],
    ['!', 'export const a = (b?: string) => b!\n', 'noNonNullAssertion'],
  ])('lint sees %s', (_name, text, rule) => {
    expect(check('lint', { ...CLEAN, 'src/db/a.ts': text })).toEqual({
      passed: false,
      said: expect.stringContaining(rule),
    })
  })

  it('types sees a type that does not fit', () => {
    const planted = { 'src/db/a.ts': `export const a: string = 1\n` }
    expect(check('types', planted)).toEqual({ passed: false, said: expect.stringContaining('TS2322') })
  })

  it('size sees a long function, a long file, and its own blindness', () => {
    const longFunction = `/** ä */\nexport function a() {\n${'  console.log(1)\n'.repeat(59)}}\n`
    expect(check('size', { 'src/a.ts': longFunction })).toEqual({
      passed: false,
      said: expect.stringContaining('src/a.ts:2: this function has 61 lines, more than 60'),
    })
    const longFile = `export const a = () => 1\n${'// line\n'.repeat(300)}`
    expect(check('size', { 'src/a.ts': longFile })).toEqual({
      passed: false,
      said: expect.stringContaining('src/a.ts has 301 lines, more than 300'),
    })
    expect(check('size', { 'src/a.ts': 'export const a = 1\n' }).said).toContain('saw no function at all')
  })

  it('size counts a function without those inside it', () => {
    const inner = `  const b = () => {\n${'    console.log(1)\n'.repeat(40)}  }\n`
    const text = `export function a() {\n${inner}${inner.replace('b =', 'c =')}  return [b, c]\n}\n`
    expect(check('size', { 'src/a.ts': text })).toMatchObject({
      passed: true,
      said: expect.stringContaining('src/a.ts:2 has 42 lines'),
    })
  })

  it('dead sees what nobody uses', () => {
    const said = check('dead', {
      ...CLEAN,
      'src/db/a.ts': 'export const a = 1\nexport const unused = 2\n',
      'src/db/b.ts': '',
    }).said
    expect(said).toContain('unused')
    expect(said).toContain('src/db/b.ts')
  })
})

describe('the import rules', () => {
  it.each([
    ['a cycle', { 'src/db/a.ts': `import './b.ts'\n`, 'src/db/b.ts': `import './a.ts'\n` }, 'no cycles'],
    [
      'a cycle of types',
      {
        'src/db/a.ts': `import type { B } from './b.ts'\nexport type A = B\n`,
        'src/db/b.ts': `import type { A } from './a.ts'\nexport type B = A\n`,
      },
      'no cycles',
    ],
    ['a file that is not there', { 'src/db/a.ts': `import './gone.ts'\n` }, 'what is imported exists'],
    ['a word that imports', { 'src/brand.ts': `import './db/a.ts'\n` }, 'words import nothing'],
    [
      'somebody who knows the wiring',
      { 'src/db/a.ts': `import type { Config } from '../config.ts'\n`, 'src/config.ts': '' },
      'nobody imports the wiring',
    ],
    ['a pure room that reads files', { 'src/workflow/a.ts': `import 'node:fs'\n` }, 'pure rooms do no I/O'],
    [
      'a pure room on the database',
      { 'src/attempt/a.ts': `import type { A } from '../db/a.ts'\n` },
      'pure rooms import pure rooms',
    ],
    [
      'a page in the database',
      { 'src/db/b.ts': `import '../ui/page.tsx'\n`, 'src/ui/page.tsx': 'export const p = <p lang="en">x</p>\n' },
      'only http makes pages',
    ],
    [
      'rooms of the rim that meet',
      { 'src/docker/a.ts': `import '../db/a.ts'\n` },
      'docker imports no other room of the rim',
    ],
    [
      'rooms of the rim that meet as types',
      { 'src/queue/a.ts': `import type { A } from '../db/a.ts'\n` },
      'queue imports no other room of the rim',
    ],
    [
      'the rim above itself',
      { 'src/git/a.ts': `import '../app/a.ts'\n`, 'src/app/a.ts': '' },
      'git imports no other room of the rim',
    ],
    [
      'an operator that acts by itself',
      { 'src/operators/a.ts': `import '../db/a.ts'\n` },
      'operators see ports as types',
    ],
    [
      'a verb that opens Docker',
      { 'src/app/a.ts': `import '../docker/a.ts'\n`, 'src/docker/a.ts': '' },
      'app receives the rim as arguments',
    ],
    [
      'a verb that knows a door',
      { 'src/app/a.ts': `import type { A } from '../http/a.ts'\n`, 'src/http/a.ts': '' },
      'app knows no door',
    ],
    [
      'a route that opens Docker',
      { 'src/http/a.ts': `import '../docker/a.ts'\n`, 'src/docker/a.ts': '' },
      'http receives the rim as arguments',
    ],
    ['a command on the database', { 'src/cli/a.ts': `import '../db/a.ts'\n` }, 'cli sees the server as types'],
    ['a vendor in the wrong room', { 'src/app/a.ts': `import 'bullmq'\n` }, 'one vendor, one room'],
    [
      'a vendor in the wrong room, as a type',
      { 'src/app/a.ts': `import type postgres from 'postgres'\n` },
      'one vendor, one room',
    ],
    ['tools of development', { 'src/db/a.ts': `import 'vitest'\n` }, 'src needs no tool of development'],
    [
      'tests in the product',
      { 'src/db/a.ts': `import '../../test/a.ts'\n`, 'test/a.ts': '' },
      'src imports src and packages',
    ],
  ])('see %s', (_name, files, rule) => {
    expect(check('imports', { ...CLEAN, ...files })).toEqual({ passed: false, said: expect.stringContaining(rule) })
  })

  it.each([
    ['verbs on the database', { 'src/app/a.ts': `import { a } from '../db/a.ts'\nexport const b = a\n` }],
    [
      'ports as types',
      {
        'src/app/a.ts': `import type { D } from '../docker/a.ts'\nexport type E = D\n`,
        'src/docker/a.ts': 'export type D = 1\n',
      },
    ],
    [
      'the shared protocol',
      {
        'src/docker/a.ts': `import { s } from '../spool/a.ts'\nexport const t = s\n`,
        'src/spool/a.ts': 'export const s = 1\n',
      },
    ],
    [
      'commands that see answers as types',
      {
        'src/cli/a.ts': `import type { A } from '../http/a.ts'\nexport type B = A\n`,
        'src/http/a.ts': 'export type A = 1\n',
      },
    ],
  ])('allow %s', (_name, files) => {
    expect(check('imports', { ...CLEAN, ...files })).toMatchObject({ passed: true })
  })

  it('fail when they see fewer files than there are', () => {
    const unread = check('imports', {
      'src/a.ts': 'export const a = 1\n',
      'src/node_modules/b.ts': 'export const b = 1\n',
    })
    expect(unread).toEqual({ passed: false, said: expect.stringContaining('the import check saw 1 of 2 files') })
  })
})
