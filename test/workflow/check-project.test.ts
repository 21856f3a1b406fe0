import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { checkFiles, checkText, read, show } from './projects.ts'

const problems = (text: string) => checkText(text).problems.map(show)

describe('a project', () => {
  it('is every top-level .dig, whatever is wrong with the others', () => {
    const checked = checkFiles({
      ...{ 'a.dig': '+t: {echo>: x}\n', 'b.dig': '+t: {ehco>: x}\n', '.hidden.dig': 'x', 'README.md': 'x' },
      ...{ 'parts/c.dig': '+t: {echo>: x}\n', 'parts/d.dig': 'never read', 'e.dig': '+t: {call>: parts/c}\n' },
    })
    expect(checked.workflows.map((workflow) => workflow.name)).toEqual(['a', 'e'])
    expect(checked.problems.map(show)).toEqual([
      'b.dig:1:6 error: Unknown operator ehco>: +b+t cannot run | Did you mean echo>?',
    ])
    expect(checked.ignored).toEqual(['parts/d.dig'])
  })

  it('gives workflows in the stored form', () => {
    const text =
      'timezone: Asia/Tokyo\n+b: {echo>: x}\n_retry: 1\nschedule: {daily>: 07:00:00}\n+a: {echo>: y}\n_export: {k: 1}\n'
    const workflow = read(text)
    expect(workflow.timezone).toBe('Asia/Tokyo')
    expect(JSON.stringify(workflow.config)).toBe(
      '{"_export":{"k":1},"schedule":{"daily>":"07:00:00"},"_retry":1,"+b":{"echo>":"x"},"+a":{"echo>":"y"}}',
    )
    expect(workflow.schedule).toEqual({ kind: 'daily', at: '07:00:00', timezone: 'Asia/Tokyo', options: {} })
  })

  it('tells all that is wrong at once, in the order of the file', () => {
    const text = [
      ...['timezone: Mars/Olympus', 'schedule:', '  daily>: 7', '  skip_on_over_time: true', 'shedule: {}'],
      ...['+a b: {echo>: x}', '+g:', '  _eror: {echo>: x}', '  +x: {sh>: a, echo>: b}', '  +y: {}', '+n:', ''],
    ]
    expect(problems(text.join('\n'))).toEqual([
      'main.dig:1:11 error: Unknown time zone "Mars/Olympus": times of day would mean nothing | Write a name of the IANA list such as Asia/Tokyo, or an offset such as +09:00.',
      'main.dig:3:11 error: daily> scheduler requires hh:mm:ss format: 7 | Write the time on the wall, for example daily>: 07:00:00.',
      "main.dig:4:3 error: Parameter 'skip_on_over_time' is not used at schedule. | Did you mean skip_on_overtime?",
      "main.dig:5:1 error: Workflow 'main' includes unknown keys: [shedule]: the top of a file has directives and +tasks only | Did you mean schedule?",
      `main.dig:6:1 error: task name must not contain character ' ': "+a b" | Use letters, digits, - _ and dots.`,
      "main.dig:8:3 error: +main+g contains invalid keys: '_eror': a task without an operator is a group, and a group has directives and +tasks only | Did you mean _error?",
      "main.dig:9:16 error: A task can't have more than one operator: +main+g+x has sh> and echo> | Give each operator a +task of its own.",
      "main.dig:11:1 error: Parameter '+n' is required but null | Write an operator such as echo>: hello, or +tasks, below it.",
    ])
  })

  it.each<[string, string, readonly string[]]>([
    [
      'an unknown operator within a body',
      '+a: {if>: true, _do: {+b: {shh>: x}}}\n',
      ['main.dig:1:28 error: Unknown operator shh>: +main+a^do+b cannot run | Did you mean sh>?'],
    ],
    ['an argument of py>', '+a: {py>: m.f, rows: 1, _mine: 2}\n', []],
    ['a disabled task', '+a: {_disable: true, +x: {nosuch>: 1}}\n+b: {_disable: 1, +x: {nosuch>: 1}}\n', []],
    [
      'a task whose name ends like an operator',
      '+a: {"+b>": {echo>: x}}\n',
      ['main.dig:1:6 error: task name must not contain character \'>\': "+b>" | Use letters, digits, - _ and dots.'],
    ],
    ['an operator that is known when it runs', '+a: {_type: "${op}", _command: x, colour: red}\n', []],
    [
      'what runs when it is late',
      'sla:\n  time: 09:00\n  alert: true\n  +a: {ehco>: 1}\n  +b: {sh>: x, +c: {sh>: y}}\n+x: {echo>: x}\n',
      [
        'main.dig:4:8 error: Unknown operator ehco>: +main^sla+a cannot run | Did you mean echo>?',
        "main.dig:5:16 warning: A task can't have subtasks: +main^sla+b has sh> and +c | Move +c out, or the operator into a +task beside it.",
      ],
    ],
    [
      'a time that is none, after which it would be late',
      'sla:\n  duration: soon\n+x: {echo>: x}\n',
      [
        'main.dig:2:13 warning: Nothing of this workflow could be started: SLA duration option needs to be HH:MM or HH:MM:SS format: Optional.absent() | Write either time: or duration:, such as 01:30 or 01:30:00.',
      ],
    ],
    [
      'two times after which it would be late',
      'sla: {time: 09:00, duration: 01:00}\n+x: {echo>: x}\n',
      [
        "main.dig:1:6 warning: Nothing of this workflow could be started: SLA must be specified using either the 'time' or 'duration' option | Write either time: or duration:, such as 01:30 or 01:30:00.",
      ],
    ],
    ['what runs at once when it is late', 'sla: {duration: 01:00, echo>: late}\n+x: {echo>: x}\n', []],
    [
      'what is generated when a task has run',
      '+a:\n  loop>: 2\n  _do:\n    colour: red\n    _error: {sh>: a, py>: b}\n+b: {echo>: x, _check: {+c: 1}}\n',
      [
        "main.dig:4:5 warning: +main+a^do contains invalid keys: 'colour': a task without an operator is a group, and a group has directives and +tasks only | Remove it, move it into _export, or give the task an operator such as sh>.",
        "main.dig:5:22 warning: A task can't have more than one operator: +main+a^do^error has sh> and py> | Give each operator a +task of its own.",
        "main.dig:6:25 warning: Parameter '+c' must be an object or array of objects | Write an operator such as echo>: hello, or +tasks, below it.",
      ],
    ],
    [
      'names of variables that no shell knows, and a folder outside',
      '+a: {sh>: x, _workdir: ../y, _env: {MY-VAR: "${session_id}"}}\n',
      [
        'main.dig:1:24 warning: _workdir must be the path of a folder of the project | For example _workdir: scripts.',
        'main.dig:1:36 warning: _env must be a mapping of variables (letters, digits and _, not a digit first) to texts | For example _env: {TOKEN: "${secret:token}"}.',
      ],
    ],
  ])('is told of %s', (_, text, expected) => expect(problems(text)).toEqual(expected))
})

describe('call>', () => {
  it('may not go round in a circle', () => {
    const files = {
      'a.dig': '+x: {call>: parts/b}\n',
      'parts/b.dig': '+y: {call>: ../c}\n',
      'c.dig': '+z: {call>: a.dig}\n',
    }
    expect(checkFiles({ ...files, 'parts/b.dig': '+y: {call>: ../c.dig}\n' }).problems.map(show)).toEqual([
      'c.dig:1:13 error: call> goes round in a circle: a.dig -> parts/b.dig -> c.dig -> a.dig; it would never end | Remove one call of the circle, or put it below if>.',
    ])
  })

  it('may call itself where it can end', () => {
    expect(checkFiles({ 'a.dig': '+x:\n  if>: ${more}\n  _do: {call>: a}\n' }).problems).toEqual([])
  })

  it.each<[string, string, string]>([
    ['a _workdir of its own', '+x: {call>: b, _workdir: lib}', ''],
    ['a _workdir that it exports', '+x: {call>: b, _export: {_workdir: lib}}', ''],
    ['a _workdir that is exported above', '_export: {_workdir: lib}\n+x: {+y: {call>: b}}', ''],
    [
      'a _workdir that is exported nearer',
      '_export: {_workdir: no}\n+x: {_export: {_workdir: lib}, +y: {call>: b}}',
      '',
    ],
    ['a _workdir that is only known when it runs', '+x: {_export: {_workdir: "${lib}"}, +y: {call>: b}}', ''],
    ['the long form', '+x: {_type: call, _command: lib/b}', ''],
    ['the long form of something else', '+x: {_type: echo, _command: call}', ''],
    ['a body of a task with a _workdir of its own', '+x: {if>: true, _workdir: no, _do: {call>: lib/b}}', ''],
    ['no file', '+x: {call>: b}', 'main.dig:1:13 warning: b.dig: there is no such file in the project'],
    ['a file outside', '+x: {call>: ../b}', 'main.dig:1:13 warning: call>: "../b" leads out of the project'],
  ])('is followed by way of %s', (_, text, start) => {
    const files = { 'main.dig': `${text}\n`, 'lib/b.dig': '+y: {echo>: x}\n' }
    const [problem] = checkFiles(files).problems.map(show)
    expect(problem?.slice(0, start.length)).toBe(start === '' ? undefined : start)
  })

  it('starts in the folder of a called file, and in its _workdir from there', () => {
    const files = {
      'main.dig': '+x: {call>: lib/b}\n+y: {call>: lib/c}\n',
      'lib/b.dig': '+y: {call>: d}\n',
      'lib/c.dig': '_export: {_workdir: more}\n+y: {call>: e}\n',
      'lib/d.dig': '+z: {echo>: x}\n',
      'lib/more/e.dig': '+z: {echo>: x}\n',
    }
    expect(checkFiles(files)).toMatchObject({ problems: [], ignored: [] })
  })

  it('shows what is wrong in the first line of a called file there', () => {
    const problem = 'b.dig:1:1 warning: Expected object to load Config but got "text"'
    const files = { 'a.dig': '+x: {call>: parts/b}\n', 'parts/b.dig': 'text\n' }
    expect(checkFiles(files).problems.map(show)[0]).toContain(problem)
  })

  it('warns of what is wrong in called files, at their places', () => {
    const files = { 'a.dig': '+x: {call>: parts/b}\n+y: {call>: none}\n', 'parts/b.dig': '+y: {sh>: a, echo>: b}\n' }
    expect(checkFiles(files).problems.map(show)).toEqual([
      'a.dig:2:13 warning: none.dig: there is no such file in the project | Check the path: it is relative to the file that names it.',
      "parts/b.dig:1:14 warning: A task can't have more than one operator: +b+y has sh> and echo> | Give each operator a +task of its own.",
    ])
  })
})

describe('templates', () => {
  it.each<[string, readonly string[]]>([
    ['+a: {echo>: "${session_date} ${moment(session_time).format()} ${unknown.so.far}"}\n', []],
    ['+a: {echo>: "x ${1 +} y"}\n', ['main.dig:1:16 warning: ${1 +} cannot be evaluated (SyntaxError: ']],
    [
      '+a:\n  sh>: |\n    echo 1\n    echo ${HOME_X:-none}\n',
      ['main.dig:4:10 warning: ${HOME_X:-none} cannot be evaluated (SyntaxError: '],
    ],
    ['+a:\n  sh>: |\n    echo ${secret:key} $HOME $$\n', []],
    ['+a: {loop>: 1, _do: {echo>: "${(}"}}\n', ['main.dig:1:30 warning: ${(} cannot be evaluated (SyntaxError: ']],
    [
      '+a: {echo>: "${(function(){ for(;;); })()}"}\n',
      [
        'main.dig:1:14 error: ${(function(){ for(;;); })()} cannot be evaluated (Error: the expression ran for more than 250 ms)',
      ],
    ],
    [
      '+a: {echo>: "${(function(){ var a=[]; for(;;) a.push([a.length]); })()}"}\n',
      ['main.dig:1:14 error: ${(function(){ var a=[]; for(;;) a.push([a.length]); })()} cannot be evaluated ('],
    ],
  ])('of %j', (text, starts) => {
    const found = problems(text)
    expect(found).toHaveLength(starts.length)
    for (const [at, start] of starts.entries()) expect(found[at]?.slice(0, start.length)).toBe(start)
  })
})

describe('any text', () => {
  const timed = (text: string) => {
    const before = process.cpuUsage()
    const checked = checkText(text)
    const { user, system } = process.cpuUsage(before)
    return { ms: (user + system) / 1000, checked }
  }
  /** A second of a machine that is free; a busy one takes longer for the same work. */
  const LIMIT_MS = 3000

  it.each([
    ...[
      '[',
      '{',
      '- ',
      '? ',
      'a: ',
      '&a ',
      '*a ',
      '!x ',
      '- [a,',
      '"',
      '#\n',
      'a:\n',
      '-\n',
      ': ',
      '?\n',
      '*a\n',
      '---\n',
      '%a\n',
    ],
    ...['{a: ', '? - ', "'", '>-\n', '\t', '\0', '${', '${a:', '$$', '\r', '<<: ', '+a:\n', '!include : x\n', '..'],
  ])('of %j, repeated without end, is refused in time', (unit) => {
    const bytes = unit.length === 1 ? 256 << 10 : 64 << 10
    const { ms, checked } = timed(unit.repeat(Math.floor(bytes / unit.length)))
    expect(checked.problems.length).toBeGreaterThan(0)
    expect(ms).toBeLessThan(LIMIT_MS)
  })

  it.each<[string, string, (at: number) => string]>([
    ['keys at the top', '', (at) => `k${at}: 1\n`],
    ['keys of a group', '+a:\n', (at) => ` _k${at}: 1\n`],
    ['keys of a schedule', 'schedule:\n daily>: 07:00:00\n', (at) => ` k${at}: 1\n`],
    ['keys of an operator', '+a:\n wait>: 1s\n', (at) => ` _k${at}: 1\n`],
    ['operators of a task', '+a:\n', (at) => ` k${at}>: 1\n`],
    ['operators that nobody knows', '', (at) => `+a${at}: {nosuch>: 1}\n`],
    ['tasks that nobody has', '_parallel: true\n', (at) => `+a${at}: {sh>: x, _after: [+b${at}]}\n`],
    ['keys in another order', '_export:\n', (at) => ` ${99_999 - at}: 1\n`],
    ['uses of one broken expression', '_export:\n x:\n', () => ` - '\${(}'\n`],
    ['keys that are merged', '_export: &a\n', (at) => ` a${at}: 1\n`],
    ['calls out of the project', '', (at) => `+a${at}: {call>: ../x${at}}\n`],
  ])('with %s by the thousand is read in time, and told of in short', (_, head, line) => {
    const lines = Array.from({ length: 20_000 }, (_, at) => line(at))
    while (lines.join('').length > 250_000) lines.splice(lines.length / 2)
    const { ms, checked } = timed(`${head}${lines.join('')}+z: {<<: 1}\n`)
    expect(JSON.stringify(checked.problems.map(show)).length).toBeLessThan(100_000)
    expect(ms).toBeLessThan(LIMIT_MS)
  })

  it.each([
    ['spaces before a duration', `+a: {echo>: x, _timeout: "${' '.repeat(2000)}1x"}\n`],
    ['colons after a time of day', `schedule: {daily>: "1${':'.repeat(200_000)}x"}\n`],
    ['signs of comments behind a pair', `k: [a: b ${'# '.repeat(5000)}\n, c]\n`],
    ['signs of comments behind a key', `? a ${'# '.repeat(5000)}\n`],
    ['keys of nothing on one line', `k: [ ${'?,'.repeat(62_000)}\t]\n`],
    ['lines at the margin', `k: [${':,'.repeat(65_000)}\n${'b,\n'.repeat(49)}]\n`],
    ['tags', `# \t\n${Array.from({ length: 18_000 }, (_, at) => `k${at}: !a x\n`).join('')}`],
    ['brackets that are not closed', 'a: {{a: x\n'.repeat(26_000)],
    ['brackets that are not opened', `x: 1\n${'? {- x\n, '.repeat(29_000)}`],
  ])('with many %s is refused in time', (_, text) => {
    const { ms, checked } = timed(text)
    expect(checked.problems.length).toBeGreaterThan(0)
    expect(ms).toBeLessThan(LIMIT_MS)
  })

  it('that unfolds without end is refused in time', () => {
    const bomb = ['_export:', '  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
    for (let level = 1; level < 30; level++) bomb.push(`  a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`)
    const { ms, checked } = timed(`${bomb.join('\n')}\n`)
    expect(checked.problems.map(show)).toEqual([
      expect.stringMatching(/^main\.dig:\d+:\d+ error: Aliases and includes unfold this file to more than 2 MiB \| /),
    ])
    expect(ms).toBeLessThan(LIMIT_MS)
  })

  it('that includes without end is refused in time', () => {
    const files: Record<string, string> = {}
    for (let level = 0; level < 40; level++)
      files[`f${level}.yml`] = `x:\n  !include : f${level + 1}.yml\ny:\n  !include : f${level + 1}.yml\n`
    const start = performance.now()
    const { problems } = checkFiles({
      ...files,
      'main.dig': '_export:\n  !include : f0.yml\n',
      'f40.yml': `z: ${'z'.repeat(100)}\n`,
    })
    expect(problems[0]?.message).toMatch(/unfold this file|Nested deeper/)
    expect(performance.now() - start).toBeLessThan(LIMIT_MS)
  })

  it(
    'ends in problems or a workflow, and never throws',
    () => {
      const piece = fc.constantFrom(
        ...[
          '+a',
          '_parallel',
          '_export',
          'echo>',
          'call>',
          'main',
          'schedule',
          'daily>',
          '_do',
          '_error',
          '${',
          '}',
          '{',
          '[',
          ']',
        ],
        ...[
          ': ',
          '- ',
          '\n',
          '\n  ',
          '\n    ',
          '&a ',
          '*a',
          '!include ',
          '<<',
          '"',
          "'",
          '|',
          ',',
          '#',
          '~',
          '10',
          '\t',
          '__proto__',
        ],
      )
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
      )
      fc.assert(
        fc.property(text, (any) => {
          const { workflows, problems } = checkText(any)
          const hasError = problems.some((one) => one.severity === 'error')
          return workflows.length === (hasError ? 0 : 1) && problems.every((one) => one.line >= 1 && one.column >= 1)
        }),
        effort(1000),
      )
    },
    PROPERTY_MS,
  )

  it(
    'of any bytes ends, too',
    () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 300 }),
          (bytes) => checkText(Buffer.from(bytes).toString('utf8')).kind === 'checked',
        ),
        effort(300),
      )
    },
    PROPERTY_MS,
  )

  it.each([
    ['Tokyo', 'Did you mean Asia/Tokyo?'],
    ['asia/tokyo', 'Did you mean Asia/Tokyo?'],
    ['Asia/Tokio', 'Did you mean Asia/Tokyo?'],
    ['new york', 'Did you mean America/New_York?'],
    ['utc', 'Did you mean UTC?'],
    [
      'EST',
      'Such letters may mean several zones. Write a name of the IANA list such as Asia/Tokyo, or an offset such as +09:00.',
    ],
    ['+9:00', 'Write a name of the IANA list such as Asia/Tokyo, or an offset such as +09:00.'],
  ])('is told what %s may have meant as a time zone', (timezone, hint) => {
    expect(checkText(`timezone: "${timezone}"\n+a: {echo>: x}\n`).problems).toMatchObject([
      { line: 1, column: 11, hint },
    ])
  })
})
