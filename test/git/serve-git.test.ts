import { describe, expect, it, vi } from 'vitest'
import { HOOKS } from '../../src/git/hook-door.ts'
import { backendEnvironment } from '../../src/git/serve-git.ts'

describe('the environment of git http-backend', () => {
  it('is all that it knows', () => {
    const environment = backendEnvironment({
      folder: '/repositories',
      repository: '12.git',
      step: { kind: 'serve', service: 'git-receive-pack' },
      user: 'ana',
      body: null,
      headers: {
        contentType: 'application/x-git-receive-pack-request',
        contentLength: undefined,
        contentEncoding: 'gzip',
        gitProtocol: 'version=2',
      },
      environment: { SLUICE_TOKEN: 'token' },
      maxPackBytes: 1000,
      packTooLarge: '',
    })
    const { GIT_CONFIG_COUNT, ...rest } = environment as Record<string, string>
    const config = Array.from({ length: Number(GIT_CONFIG_COUNT) }, (_, index) => [
      rest[`GIT_CONFIG_KEY_${index}`],
      rest[`GIT_CONFIG_VALUE_${index}`],
    ])
    expect(Object.fromEntries(config)).toEqual({
      'safe.directory': '*',
      'core.fsmonitor': 'false',
      'core.hooksPath': HOOKS,
      'http.receivepack': 'true',
      'http.getanyfile': 'false',
      'receive.fsckObjects': 'true',
      'receive.maxInputSize': '1000',
      'receive.advertisePushOptions': 'true',
      'receive.advertiseAtomic': 'false',
      'receive.denyDeleteCurrent': 'ignore',
      'receive.keepAlive': '5',
      'receive.autogc': 'false',
      'transfer.hideRefs': 'refs/sluice',
      'uploadpack.allowFilter': 'true',
    })
    const others = Object.entries(rest).filter(([name]) => !/^GIT_CONFIG_(KEY|VALUE)_/.test(name))
    expect(Object.fromEntries(others)).toEqual({
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: '',
      GIT_PROJECT_ROOT: '/repositories',
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: '/12.git/git-receive-pack',
      REQUEST_METHOD: 'POST',
      QUERY_STRING: '',
      REMOTE_USER: 'ana',
      REMOTE_ADDR: '',
      SERVER_PROTOCOL: 'HTTP/1.1',
      CONTENT_TYPE: 'application/x-git-receive-pack-request',
      HTTP_CONTENT_ENCODING: 'gzip',
      GIT_PROTOCOL: 'version=2',
      SLUICE_TOKEN: 'token',
    })
  })
})

describe('git that cannot be started', () => {
  it('is told to who asked, and ends nothing else', async () => {
    vi.stubEnv('PATH', '/nonexistent')
    vi.resetModules()
    const { serveGit } = await import('../../src/git/serve-git.ts')
    const request = {
      folder: '/nonexistent',
      repository: '1.git',
      step: { kind: 'advertise', service: 'git-upload-pack' },
      user: 'ana',
      body: null,
      headers: { contentType: undefined, contentLength: undefined, contentEncoding: undefined, gitProtocol: undefined },
      environment: {},
      maxPackBytes: 1,
      packTooLarge: '',
    } as const
    await expect(serveGit(request)).rejects.toThrow() // a rejection that nobody hears would end this process too
    vi.unstubAllEnvs()
  })
})
