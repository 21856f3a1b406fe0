import { describe, expect, it } from 'vitest'
import { ExactNumber } from '../../src/brand.ts'
import { checkFiles, checkText, read, show } from './projects.ts'

const values = (yaml: string) => {
  const lines = yaml.split('\n').map((line) => `  ${line}`)
  return read(`_export:\n${lines.join('\n')}\n`).config._export
}
const problems = (text: string) => checkText(text).problems.map(show)

describe('the YAML dialect', () => {
  it.each<[string, unknown]>([
    ['true', true],
    ['False', false],
    ['TRUE', 'TRUE'],
    ['yes', 'yes'],
    ['off', 'off'],
    ['10', 10],
    ['-10', -10],
    ['+10', 10],
    ['1_000', 1000],
    ['010', 8],
    ['08', '08'],
    ['0', 0],
    ['0x1F', 31],
    ['0b101', 5],
    ['10:00', '10:00'],
    ['09:00:00', '09:00:00'],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1e3', new ExactNumber('1000.0')],
    ['1.0', new ExactNumber('1.0')],
    ['1e30', new ExactNumber('1.0E30')],
    ['12345678901234567890', new ExactNumber('12345678901234567890')],
    ['-0xFFFFFFFFFFFFFFFF', new ExactNumber('-18446744073709551615')],
    ['0.5', '0.5'],
    ['-0.25', '-0.25'],
    ['0.0', '0.0'],
    ['.inf', 'Infinity'],
    ['-.inf', '-Infinity'],
    ['.nan', 'NaN'],
    ['1:30.5', 90.5],
    ['-1:30.5', -90.5],
    ['!!int 1:30', 90],
    ['!!float 1:30', new ExactNumber('90.0')],
    ['2026-01-01', '2026-01-01'],
    ['~', null],
    ['null', null],
    ['NULL', null],
    ['', null],
    ['"10"', '10'],
    ['!!str 10', '10'],
    ["!!int '10'", 10],
    ['!!binary aGVsbG8=', 'aGVsbG8='],
    ['!!set {a, b}', ['a', 'b']],
    ['héllo', 'héllo'],
    ['|\n  a\n  b', 'a\nb\n'],
    ['>-\n  a\n  b', 'a b'],
  ])('reads %s', (text, value) => expect(values(`v: ${text}`)).toEqual({ v: value }))

  it('reads numbers of any length', () => {
    const sixties = ':59'.repeat(500)
    const parsed = values(`a: 1${sixties}.5\nb: !!float -1${sixties}\nc: ${'9'.repeat(1000)}\nd: 1e999`)
    expect(parsed).toEqual({ a: 'Infinity', b: '-Infinity', c: new ExactNumber('9'.repeat(1000)), d: 'Infinity' })
  })

  it('merges anchors: own keys win, then the first of a list', () => {
    expect(values('a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*b, *a]\n  z: 3\nd: *a')).toEqual({
      ...{ a: { x: 1, y: 1 }, b: { y: 2, z: 2 }, c: { y: 2, z: 3, x: 1 }, d: { x: 1, y: 1 } },
    })
  })

  it.each<[string, unknown]>([
    ['[\n1,\n2\n]', [1, 2]],
    ['{\na: [\n 1\n],\nb: 2\n}', { a: [1], b: 2 }],
    ['"a\nb\n\nc"', 'a b\nc'],
    ["'a\n b'", 'a b'],
  ])('has lines at the margin within brackets and quotes: %j', (text, value) => {
    expect(read(`_export:\n  v: ${text}\n+a: {echo>: x}\n`).config._export).toEqual({ v: value })
  })

  it('tells the place of what is wrong behind such lines', () => {
    expect(problems('_export:\n  v: [\n1,\n2\n]\n+a: {ehco>: x}\n')).toEqual([
      'main.dig:6:6 error: Unknown operator ehco>: +main+a cannot run | Did you mean echo>?',
    ])
    expect(problems('+a: {\n_export: {a: 1},\nehco>: x\n}\n')).toEqual([
      'main.dig:3:1 error: Unknown operator ehco>: +main+a cannot run | Did you mean echo>?',
    ])
  })

  it('means the inner one by an anchor within one of the same name', () => {
    expect(values('a: &x [1, &x 2]\nb: *x')).toEqual({ a: [1, 2], b: 2 })
  })

  it('makes texts of keys that are none', () => {
    expect(values('10: a\ntrue: b\n1.5: c')).toEqual({ 10: 'a', true: 'b', 1.5: 'c' })
  })

  it('takes a byte order mark and ends of line from Windows', () => {
    expect(read('\ufefftimezone: Asia/Tokyo\r\n+a:\r\n  echo>: x\r\n')).toMatchObject({
      timezone: 'Asia/Tokyo',
      config: { '+a': { 'echo>': 'x' } },
    })
  })

  it.each([
    ['', 'null'],
    ['text', '"text"'],
  ])('has a mapping at the top, and declines %j', (text, got) => {
    expect(problems(text)).toEqual([
      `main.dig:1:1 error: Expected object to load Config but got ${got} | Write keys such as timezone: UTC and +tasks, each on a line.`,
    ])
  })

  it.each<[string, string]>([
    [
      `+a: {echo>: !!int 1${':59'.repeat(9)}}\n`,
      'main.dig:1:13 error: !!int: "1:59:59:59:59:59:59:59:59:59" is no whole number | Put the text in quotes, or use one of !!str !!int !!float !!binary !!set.',
    ],
    [
      '_export: {a: &x !!int a, b: *x}\n',
      'main.dig:1:17 error: !!int: "a" is no whole number | Put the text in quotes, or use one of !!str !!int !!float !!binary !!set.',
    ],
    [
      '_export: {a: &x "\\0", b: *x}\n',
      'main.dig:1:17 error: A text holds a NUL byte, which no process can be given | Take it out.',
    ],
  ])('declines %j', (text, problem) => expect(problems(text)).toEqual([problem]))
})

describe('!include', () => {
  it('takes any word for the name of a file', () => {
    const { workflows, problems } = checkFiles({ 'main.dig': '+t:\n  !include : true\n', true: 'echo>: x\n' })
    expect([problems, workflows[0]?.config]).toEqual([[], { '+t': { 'echo>': 'x' } }])
  })

  it('merges at its place, deeply, and keys after it replace', () => {
    const { workflows, problems } = checkFiles({
      'main.dig':
        "_export:\n  a: {x: 1, y: 1}\n  b: 1\n  !include : 'config/base.yml'\n  c: {q: 1}\n+t:\n  !include : config/task.yml\n",
      'config/base.yml': "a: {y: 2, z: 2}\nb: 2\nc: {p: 1}\n!include : 'deep/more.yml'\n",
      'config/deep/more.yml': 'd: 4\n',
      'config/task.yml': 'echo>: included\n',
    })
    expect(problems).toEqual([])
    expect(workflows[0]?.config).toEqual({
      _export: { a: { x: 1, y: 2, z: 2 }, b: 2, c: { q: 1 }, d: 4 },
      '+t': { 'echo>': 'included' },
    })
  })

  it.each<[string, Record<string, string>, string]>([
    [
      'is absolute',
      { 'main.dig': '!include : /etc/passwd\n' },
      'main.dig:1:12 error: File name must not lead outside: /etc/passwd: an included file lies beside or below the file that includes it | Copy the file into the project, or include it from a file further up.',
    ],
    [
      'includes itself',
      { 'main.dig': '!include : a.yml\n', 'a.yml': 'sla: {}\n!include : b.yml\n', 'b.yml': '!include : a.yml\n' },
      'b.yml:1:12 error: A file includes itself: a.yml -> b.yml -> a.yml | Remove one !include of the circle.',
    ],
    [
      'is broken',
      { 'main.dig': '_export:\n  !include : a.yml\n', 'a.yml': 'x: 1\ny: [\n' },
      'a.yml:2:4 error: Not valid YAML: a bracket is opened here and not closed where it should be | Close it with ] or }, and indent its lines deeper than its key.',
    ],
    [
      'has a rule broken',
      { 'main.dig': '!include : a.yml\n', 'a.yml': '+a: {ehco>: x}\n' },
      'a.yml:1:6 error: Unknown operator ehco>: +main+a cannot run | Did you mean echo>?',
    ],
    [
      'is no mapping',
      { 'main.dig': '!include : a.yml\n', 'a.yml': '- 1\n' },
      'a.yml:1:1 error: Expected object to load Config but got [1] | Write keys such as timezone: UTC and +tasks, each on a line.',
    ],
  ])('that %s is told where it stands', (_, files, problem) => {
    expect(checkFiles(files).problems.map(show)).toEqual([problem])
  })

  it('may go up and down again below its folder', () => {
    expect(checkFiles({ 'main.dig': '!include : sub/../b.yml\n', 'b.yml': '+a: {echo>: x}\n' }).problems).toEqual([])
  })

  it('does not follow a symbolic link', () => {
    const files = { 'main.dig': '!include : b.yml\n', 'b.yml': '/etc/passwd' }
    expect(checkFiles(files, { 'b.yml': { mode: '120000' } }).problems.map(show)).toEqual([
      'main.dig:1:12 error: b.yml is a symbolic link, and links are not followed | Commit the file itself.',
    ])
  })
})
