import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openImageBuilder } from '../../src/docker/build.ts'
import { findEngine } from '../../src/docker/engine.ts'
import type { Plan } from '../../src/environment/plan.ts'
import { Refusal } from '../../src/refusal.ts'
import { planOf } from '../environment/source-files.ts'
import { tarGzOf } from '../support/source.ts'

const run = promisify(execFile)
const engine = await findEngine()
if (engine instanceof Refusal) throw engine
const { docker } = engine
const extraCa = await readFile(process.env.SLUICE_EXTRA_CA ?? '/etc/ssl/certs/ca-certificates.crt', 'utf8')
const builder = openImageBuilder(docker, { extraCa, proxies: {} })
const tag = `sluice/build-test:${process.pid}`

afterAll(async () => {
  await docker
    .getImage(tag)
    .remove({ force: true })
    .catch(() => {}) // no test may have tagged it
})

type Files = Readonly<Record<string, string | Buffer>>

async function build(files: Files, change: Partial<Plan> = {}, signal = new AbortController().signal) {
  const planned = planOf(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.toString()])))
  if (planned.kind !== 'planned') throw new Error(planned.message)
  const lines: string[] = []
  const plan = { ...planned.plan, ...change } as Plan // of the same kind, as every caller sees to
  const end = await builder.build({ plan, tarGz: await tarGzOf(files), tag }, (line) => lines.push(line), signal)
  return { end, log: lines.join('\n') }
}

/** As the hardened container of a task would: another user, nothing writable but what is mounted. */
async function tryOut(command: string) {
  const { stdout } = await run('docker', [
    'run',
    '--rm',
    '--network=none',
    '--user=10001:10001',
    '--read-only',
    tag,
    'sh',
    '-c',
    command,
  ])
  return stdout.trim()
}

describe('a build', { timeout: 120_000 }, () => {
  it('of plain shell is the base image, under a tag of its own', async () => {
    const { end, log } = await build({ 'a.dig': '+a:\n' })
    expect(end).toMatchObject({ kind: 'built', imageId: await builder.findBase('sluice/base') })
    expect(log).toContain('Step 1/')
    expect(await builder.find(tag)).toBe(end.kind === 'built' && end.imageId)
    expect(await builder.find(`${tag}x`)).toBeNull()
  })

  it('of Python installs what requirements.txt names', async () => {
    const { end, log } = await build({ 'requirements.txt': `six==1.17.0\n# ${process.pid}\n`, 'main.py': '' })
    expect(log).toContain('Successfully installed six-1.17.0')
    expect(end.kind).toBe('built')
    expect(await tryOut('python -c "import six; print(six.__version__)"; ls /opt/build/python')).toBe(
      '1.17.0\nrequirements.txt',
    )
  })

  it('of Python keeps to the versions that uv locked', async () => {
    const { end } = await build({
      'pyproject.toml': '[project]\nname = "p"\nversion = "1"\ndependencies = ["six>=1.10"]\n',
      'uv.lock':
        'version = 1\n[[package]]\nname = "p"\nversion = "1"\nsource = { virtual = "." }\n[[package]]\nname = "six"\nversion = "1.16.0"\nsource = { registry = "https://pypi.org/simple" }\n',
    })
    expect(end.kind).toBe('built')
    expect(await tryOut('python -c "import six; print(six.__version__)"')).toBe('1.16.0')
  })

  it('of Node installs what package.json names, for require and for import', async () => {
    const { end } = await build({ 'package.json': '{"dependencies":{"ms":"2.1.3"}}' })
    expect(end.kind).toBe('built')
    expect(await tryOut("node -p \"require('ms')('1m')\"")).toBe('60000')
    expect(
      await tryOut("cd /workspace && node --input-type=module -e \"import ms from 'ms'; console.log(ms('2m'))\""),
    ).toBe('120000')
  })

  it('of Ruby installs vendored gems without a network', async () => {
    const { end } = await build({
      Gemfile: 'source "https://rubygems.org"\ngem "greeting"\n',
      'vendor/cache/greeting-1.0.0.gem': gem,
    })
    expect(end.kind).toBe('built')
    expect(await tryOut('ruby -e \'require "greeting"; puts GREETING\'')).toBe('hello from a gem')
  })

  it("of a user's Dockerfile takes its files, arguments and .dockerignore", async () => {
    const { end } = await build(
      {
        Dockerfile: 'FROM sluice/base\nARG WORD\nCOPY . /app/\nRUN echo $WORD > /word\n',
        '.dockerignore': 'secret*\n',
        'a/b.txt': 'b',
        'secret.txt': '',
      },
      { args: { WORD: 'built' } },
    )
    expect(end.kind).toBe('built')
    expect(await tryOut('cat /word; cd /app; find . -type f | sort')).toBe(
      'built\n./.dockerignore\n./Dockerfile\n./a/b.txt',
    )
  })

  it('that fails names its step and exit code, and leaves no container behind', async () => {
    const { end, log } = await build({ Dockerfile: 'FROM sluice/base\nRUN echo before; exit 3\n' })
    expect(log).toContain('before')
    expect(end).toEqual({
      kind: 'failed',
      problem: 'Step 2/2 failed with exit code 3: RUN echo before; exit 3',
      hint: 'The lines above it tell why: correct them, commit, and push again',
    })
    const { stdout } = await run('docker', [
      'ps',
      '--all',
      '--filter',
      'ancestor=sluice/base',
      '--format',
      '{{.Command}}',
    ])
    expect(stdout).not.toContain('exit 3')
  })

  it.each([
    [
      'that cannot be parsed',
      'FRM x\n',
      'The Dockerfile cannot be used: dockerfile parse error line 1: unknown instruction: FRM',
    ],
    [
      'that copies what is not there',
      'FROM sluice/base\nCOPY nothing /x\n',
      expect.stringMatching(/^Step 2\/2 failed: COPY nothing \/x: COPY failed: .*nothing.*/),
    ],
    ['without a shell', 'FROM scratch\nCOPY Dockerfile /\n', 'The image has no /bin/sh, which tasks are started with'],
    [
      'whose base image cannot be had',
      'FROM nowhere.invalid/x\n',
      expect.stringMatching(/^The base image nowhere.invalid\/x is not on this engine, and cannot be pulled: ./),
    ],
  ])('of a Dockerfile %s says so', async (_, Dockerfile, problem) => {
    expect((await build({ Dockerfile })).end).toMatchObject({ kind: 'failed', problem })
  })

  it('starts from our own base image when the one that is set cannot be had, and says so', async () => {
    const { end, log } = await build({ 'a.dig': '' }, { base: 'nowhere.invalid/base' })
    expect(log).toMatch(
      /^The base image nowhere.invalid\/base is not on this engine and cannot be pulled \(.+\): sluice\/base is used/,
    )
    expect(end.kind).toBe('built')
  })

  it('of a source that is no tar.gz fails', async () => {
    const planned = planOf({ Dockerfile: 'FROM sluice/base' })
    if (planned.kind !== 'planned') throw new Error(planned.message)
    const request = { plan: planned.plan, tarGz: Buffer.from('no'), tag }
    expect(await builder.build(request, () => {}, new AbortController().signal)).toMatchObject({
      kind: 'failed',
      problem: expect.stringContaining('the source cannot be unpacked'),
    })
  })

  it('can be stopped', async () => {
    const stop = new AbortController()
    const planned = planOf({ Dockerfile: 'FROM sluice/base\nRUN echo go; sleep 100\n' })
    if (planned.kind !== 'planned') throw new Error(planned.message)
    const request = {
      plan: planned.plan,
      tarGz: await tarGzOf({ Dockerfile: 'FROM sluice/base\nRUN echo go; sleep 100\n' }),
      tag,
    }
    const end = await builder.build(request, (line) => line === 'go' && stop.abort(), stop.signal)
    expect(end).toEqual({ kind: 'aborted' })
  })
})

let gem: Buffer
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-gem-'))
  await writeFile(join(folder, 'greeting.rb'), 'GREETING = "hello from a gem"\n')
  await writeFile(
    join(folder, 'greeting.gemspec'),
    'Gem::Specification.new { |s| s.name = "greeting"; s.version = "1.0.0"; s.summary = "x"; s.authors = ["x"]; s.files = ["greeting.rb"]; s.require_paths = ["."] }\n',
  )
  const copy = `cd /tmp && tar xf - && gem build greeting.gemspec >&2 && cat greeting-1.0.0.gem`
  const { stdout } = await run(
    'sh',
    ['-c', `tar cf - -C ${folder} . | docker run --rm -i --network=none sluice/base sh -c '${copy}'`],
    { encoding: 'buffer' },
  )
  gem = stdout
  await rm(folder, { recursive: true })
})
