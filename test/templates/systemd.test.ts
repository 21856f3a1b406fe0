import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const unit = (name: string) => readFileSync(new URL(`../../templates/systemd/${name}`, import.meta.url), 'utf8')
const settingOf = (text: string, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]

/** What follows from them under systemd itself is shown by test/stories/systemd.test.ts (`--long`). */
describe('the systemd unit', () => {
  it.each(['sluice-web.service', 'sluice-worker.service'])('%s is started again however often it fails', (name) => {
    expect(settingOf(unit(name), 'Restart')).toBe('always')
    expect(settingOf(unit(name), 'StartLimitIntervalSec')).toBe('0')
  })

  it('of a worker ends the worker alone', () => {
    const text = unit('sluice-worker.service')
    expect(settingOf(text, 'KillMode')).toBe('process')
    expect(settingOf(text, 'ExecStart')).toMatch(/cli\.js worker$/)
  })

  it('of a web has no engine and no right to the rest of the system', () => {
    const text = unit('sluice-web.service')
    expect(settingOf(text, 'ProtectSystem')).toBe('strict')
    expect(settingOf(text, 'User')).toBe('sluice')
    expect(settingOf(text, 'ExecStart')).toMatch(/cli\.js web$/)
  })
})
