import { describe, expect, it } from 'vitest'
import { chooseExecutor, isLoopback, type Surroundings } from '../../src/environment/choose-executor.ts'

const LAPTOP: Surroundings = {
  setting: 'auto',
  environment: null,
  isOnLoopback: true,
  wasEngineSeen: false,
  isEngineThere: false,
}
const wait = (why: string) => ({ kind: 'wait', why })

describe('the executor', () => {
  it.each([
    ['Docker where there is an engine', { isEngineThere: true }, { kind: 'docker' }],
    ['processes on a laptop that never had one', {}, { kind: 'process' }],
    [
      'processes where somebody asked for them',
      { setting: 'process', isEngineThere: true, environment: 'production' },
      { kind: 'process' },
    ],
    ['Docker or nothing where somebody asked for it', { setting: 'docker' }, wait('SLUICE_EXECUTOR is docker')],
    [
      'nothing while the engine is away',
      { wasEngineSeen: true },
      wait('tasks of this installation have run in Docker before'),
    ],
    ['nothing else in production', { environment: 'production' }, wait('SLUICE_ENVIRONMENT is production')],
    ['nothing else in staging', { environment: 'staging' }, wait('SLUICE_ENVIRONMENT is staging')],
    ['processes in development by name', { environment: 'development' }, { kind: 'process' }],
    ['nothing else where strangers come', { isOnLoopback: false }, wait('the server can be reached from other hosts')],
  ] as const)('is %s', (_name, changes, choice) => {
    expect(chooseExecutor({ ...LAPTOP, ...changes })).toEqual(choice)
  })

  it.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.evil.example', false],
  ])('%s is loopback: %s', (host, is) => expect(isLoopback(host)).toBe(is))
})
