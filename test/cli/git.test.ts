import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { credentialHelper } from '../../src/cli/push.ts'
import type { Run } from '../../src/cli/tools.ts'
import { openDesk, runReally } from './desk.ts'

const SELF = "'/usr/bin/node' '/opt/sluice/dist/cli.js'"
const ASK = `!f() { test "$1" != get || ${SELF} credential get; }; f`
const HELPER = [
  '-c',
  'credential.http://127.0.0.1:8080.helper=',
  '-c',
  `credential.http://127.0.0.1:8080.helper=${ASK}`,
]
const nothing = () => new Response('{}')

/** Runs everything but the push itself, which it notes. */
function openPusher(code = 0) {
  const pushes: (readonly string[])[] = []
  const run: Run = (argv, options) => {
    if (!argv.includes('push')) return runReally(argv, options)
    pushes.push(argv)
    return Promise.resolve({ code, output: '' })
  }
  const desk = openDesk(nothing, { run })
  const git = (...words: string[]) => runReally(['git', ...words], { cwd: desk.folder, isShown: false })
  const commit = async () => {
    await git('init', '--initial-branch=live')
    await git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--allow-empty', '-m', 'x')
  }
  return { ...desk, pushes, git, commit }
}

describe('sluice push', () => {
  it('pushes the branch that is checked out, with our credential helper alone', async () => {
    const { sluice, pushes, commit } = openPusher()
    await commit()
    expect((await sluice('push', 'my shop', '-o', 'no-schedule')).code).toBe(0)
    expect(pushes).toEqual([
      [
        'git',
        ...HELPER,
        'push',
        '-o',
        'no-schedule',
        'http://127.0.0.1:8080/git/my%20shop.git',
        'HEAD:refs/heads/live',
      ],
    ])
  })

  it('takes the remote sluice when there is one', async () => {
    const { sluice, pushes, commit, git } = openPusher()
    await commit()
    await git('remote', 'add', 'sluice', 'http://127.0.0.1:8080/git/x.git')
    await sluice('push', '--branch', 'main')
    expect(pushes[0]?.slice(-2)).toEqual(['sluice', 'HEAD:refs/heads/main'])
  })

  it('exits with 1 when git does, adding nothing', async () => {
    const { sluice, commit } = openPusher(1)
    await commit()
    expect(await sluice('push')).toEqual({ code: 1, out: '', err: '' })
  })

  it('says what to do without a repository, and without a commit', async () => {
    const { sluice, folder, git } = openPusher()
    expect((await sluice('push')).err).toBe(
      `sluice: ${folder} is no git repository\n  Go to your project, or make one: sluice init hello\n`,
    )
    await git('init')
    expect((await sluice('push')).err).toContain('has no commit yet')
  })
})

describe('sluice init', () => {
  it('makes files, one commit, the remote, and the helper for this server alone', async () => {
    const { sluice, folder } = openDesk(nothing)
    expect((await sluice('init', 'rain', '--template', 'weather', '--project', 'wet')).code).toBe(0)
    const git = async (...words: string[]) =>
      (await runReally(['git', ...words], { cwd: join(folder, 'rain'), isShown: false })).output.trim()
    expect(await git('log', '--format=%s')).toBe('Start from the template weather')
    expect(await git('status', '--porcelain', '--branch')).toBe('## main')
    expect(await git('remote', 'get-url', 'sluice')).toBe('http://127.0.0.1:8080/git/wet.git')
    expect(await git('config', '--get-all', 'credential.http://127.0.0.1:8080.helper')).toBe(ASK)
    expect(await readFile(join(folder, 'rain/weather.dig'), 'utf8')).toContain('rain')
  })

  it('leaves a folder alone that has something in it', async () => {
    const { sluice, folder } = openDesk(nothing)
    await writeFile(join(folder, 'mine'), '')
    expect(await sluice('init', '.')).toMatchObject({
      code: 1,
      err: `sluice: ${folder} is not empty\n  Name a folder that does not exist yet.\n`,
    })
  })
})

describe('sluice credential', () => {
  const ask = (input: string, action = 'get') => openDesk(nothing, { input }).sluice('credential', action)

  it('hands git the token of our server', async () => {
    expect(await ask('protocol=http\nhost=127.0.0.1:8080\npath=git/x.git\n\n')).toEqual({
      code: 0,
      err: '',
      out: 'username=sluice\npassword=sluice_test\n',
    })
  })

  it.each([
    ['another host', 'protocol=http\nhost=evil.example\n\n', 'get'],
    ['another port', 'protocol=http\nhost=127.0.0.1:81\n\n', 'get'],
    ['another protocol', 'protocol=https\nhost=127.0.0.1:8080\n\n', 'get'],
    ['nothing at all', '', 'get'],
    ['what git wants stored', 'protocol=http\nhost=127.0.0.1:8080\n\n', 'store'],
  ])('tells nothing for %s', async (_, input, action) => {
    expect(await ask(input, action)).toEqual({ code: 0, err: '', out: '' })
  })

  it('is understood by git itself, and only asked', async () => {
    const { folder } = openDesk(nothing)
    const script = join(folder, 'helper')
    await writeFile(
      script,
      '#!/bin/sh\ncat > /dev/null\necho "$2" >> asked\nprintf "username=sluice\\npassword=t0ken\\n"\n',
      {
        mode: 0o755,
      },
    )
    const { output } = await runReally(
      [
        'sh',
        '-c',
        `printf 'protocol=http\\nhost=127.0.0.1:8080\\n\\n' | git -c credential.helper= -c "$1" credential fill | tee known; git -c credential.helper= -c "$1" credential approve < known`,
        'sh',
        `credential.http://127.0.0.1:8080.helper=${credentialHelper(script)}`,
      ],
      { cwd: folder, isShown: false },
    )
    expect(output).toContain('password=t0ken')
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('get\n')
  })
})
