import { describe, expect, it } from 'vitest'
import { describePlan } from '../../src/environment/plan.ts'
import { planOf } from './source-files.ts'

const described = (files: Record<string, string>, builder = {}) => {
  const planned = planOf(files, builder)
  return planned.kind === 'planned' ? [describePlan(planned.plan), ...planned.notices] : [planned.message, planned.hint]
}
const noLock = 'package.json has no package-lock.json: versions may change from build to build'
const noGemLock = 'Gemfile has no Gemfile.lock: versions may change from build to build'
const node = '{"dependencies":{"ms":"2.1.3"}}'

describe('the environment of a project', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['of .dig, .sql and .sh files alone', { 'a.dig': '', 'x.sql': '', 'y.sh': '' }, ['plain shell on sluice/base']],
    ['with requirements.txt', { 'requirements.txt': 'six\n' }, ['Python (requirements.txt) on sluice/base']],
    ['whose requirements ask for nothing', { 'requirements.txt': '# none\n\n' }, ['plain shell on sluice/base']],
    [
      'whose pyproject.toml only sets a linter',
      { 'pyproject.toml': '[tool.ruff]\nline-length = 100\n' },
      ['plain shell on sluice/base'],
    ],
    [
      'with pyproject.toml',
      { 'pyproject.toml': '[project]\nname = "x"\ndependencies = [\n  "six",\n]\n' },
      ['Python (pyproject.toml) on sluice/base'],
    ],
    [
      'with uv.lock, requirements.txt and .python-version',
      { 'pyproject.toml': '', 'uv.lock': '', 'requirements.txt': 'six', '.python-version': '3.12' },
      [
        'Python (pyproject.toml and uv.lock) on sluice/base',
        'requirements.txt is ignored: Python’s packages come from pyproject.toml and uv.lock',
        ".python-version is ignored: the Python is the base image's (SLUICE_BASE_IMAGE names another)",
      ],
    ],
    [
      'that installs itself',
      { 'requirements.txt': 'six\n-e .\n' },
      [
        'Python (requirements.txt) on sluice/base',
        'requirements.txt installs “-e .” from the repository, so every push builds an image',
      ],
    ],
    ['with package.json', { 'package.json': node }, ['Node (package.json) on sluice/base', noLock]],
    [
      'with package-lock.json',
      { 'package.json': node, 'package-lock.json': '{}' },
      ['Node (package.json and package-lock.json) on sluice/base'],
    ],
    ['whose package.json has scripts only', { 'package.json': '{"type":"module"}' }, ['plain shell on sluice/base']],
    [
      'with yarn.lock',
      { 'package.json': node, 'yarn.lock': '' },
      ['Node (package.json) on sluice/base', 'yarn.lock is ignored: npm installs from package.json', noLock],
    ],
    ['with a Gemfile', { Gemfile: 'gem "rake"\n' }, ['Ruby (Gemfile) on sluice/base', noGemLock]],
    [
      'with vendored gems',
      { Gemfile: "gem 'x'", 'Gemfile.lock': '', 'vendor/cache/x-1.0.gem': 'x' },
      ['Ruby (Gemfile, Gemfile.lock and vendor/cache/) on sluice/base'],
    ],
    [
      'of several languages',
      { 'requirements.txt': 'six', 'package.json': node, Gemfile: 'gem "x"' },
      ['Python (requirements.txt), Node (package.json) and Ruby (Gemfile) on sluice/base', noLock, noGemLock],
    ],
    [
      'with signs that are not known here',
      { 'go.mod': '', 'setup.py': '' },
      ['plain shell on sluice/base', 'setup.py and go.mod are ignored: bring a Dockerfile for what they need'],
    ],
    [
      'with a Dockerfile',
      { Dockerfile: 'FROM x\n', 'requirements.txt': 'six' },
      ['Dockerfile', 'Dockerfile decides alone: requirements.txt is ignored'],
    ],
  ])('%s', (_, files, lines) => {
    expect(described(files)).toEqual(lines)
  })

  it.each<[string, Record<string, string>, string[]]>([
    [
      'none',
      { kind: 'none' },
      ['plain shell on sluice/base', 'The builder is set to none: Dockerfile and requirements.txt are ignored'],
    ],
    [
      'a Dockerfile elsewhere',
      { kind: 'dockerfile', path: 'ops/Dockerfile' },
      ['ops/Dockerfile', 'ops/Dockerfile decides alone: requirements.txt is ignored'],
    ],
    [
      'a Dockerfile that is not there',
      { kind: 'dockerfile', path: 'Dockerfil' },
      [
        'The builder is set to Dockerfil, and the repository has no such file',
        'Commit Dockerfil, or set another builder: sluice builder:set PROJECT auto',
      ],
    ],
  ])('set to %s', (_, builder, lines) => {
    const files = { Dockerfile: 'FROM x\n', 'ops/Dockerfile': 'FROM y\n', 'requirements.txt': 'six' }
    expect(described(files, builder)).toEqual(lines)
  })

  it('reads the requirements files that others include, and copies just these', () => {
    const planned = planOf({
      'requirements.txt': '-r more/r.txt\r\n--find-links wheels\n',
      'more/r.txt': '-c ../pins.txt\nsix',
      'pins.txt': 'six==1.17.0',
      'wheels/six.whl': '',
      'main.py': '',
    })
    expect(planned.kind === 'planned' && planned.plan.kind === 'rendered' && planned.plan.parts[0]?.copies).toEqual([
      'requirements.txt',
      'more/r.txt',
      'pins.txt',
      'wheels/',
    ])
  })
})
