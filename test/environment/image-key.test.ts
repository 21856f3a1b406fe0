import { describe, expect, it } from 'vitest'
import { imageKey } from '../../src/environment/image-key.ts'
import { planOf } from './source-files.ts'

const keyOf = (files: Record<string, string>, builder = {}, bases: Record<string, string> = {}) => {
  const planned = planOf(files, builder)
  if (planned.kind !== 'planned') throw new Error(planned.message)
  return imageKey(planned.plan, new Map(Object.entries(bases)))
}
const python = { 'requirements.txt': 'six', 'main.py': '1', 'a.dig': '' }
const own = {
  Dockerfile: 'FROM debian\nCOPY --chown=1 lib/ x*.sh /opt/\n',
  'lib/a': '1',
  'x1.sh': '',
  'main.py': '1',
  'a.dig': '',
}
const whole = {
  Dockerfile: 'FROM debian\nCOPY . .\n',
  '.dockerignore': 'docs\n',
  'docs/a': '1',
  'main.py': '1',
  'a.dig': '',
}

describe('the key of an image', () => {
  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['code that was pushed', python, { 'main.py': '2' }],
    ['a workflow', python, { 'a.dig': '+a:\n' }],
    ['a new file', python, { 'other.py': '' }],
    ['a file that the Dockerfile does not copy', own, { 'main.py': '2' }],
    ['a workflow that the Dockerfile copies', whole, { 'a.dig': '+a:\n' }],
    ['an ignored file', whole, { 'docs/a': '2' }],
  ])('stays with %s', (_, files, change) => {
    expect(keyOf({ ...files, ...change })).toBe(keyOf(files))
  })

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['a dependency', python, { 'requirements.txt': 'six==1.17.0' }],
    ['another language', python, { Gemfile: 'gem "x"' }],
    ['a Dockerfile', python, { Dockerfile: 'FROM debian\n' }],
    ['a line of the Dockerfile', own, { Dockerfile: `${own.Dockerfile}RUN true\n` }],
    ['a file in a folder that the Dockerfile copies', own, { 'lib/b': '' }],
    ['a file that a pattern of the Dockerfile matches', own, { 'x2.sh': '' }],
    ['any file, if the Dockerfile copies all', whole, { 'main.py': '2' }],
    ['what is ignored', whole, { '.dockerignore': '' }],
  ])('changes with %s', (_, files, change) => {
    expect(keyOf({ ...files, ...change })).not.toBe(keyOf(files))
  })

  it('changes with the base image and with build arguments', () => {
    expect(keyOf(python, {}, { 'sluice/base': 'sha256:1' })).not.toBe(keyOf(python, {}, { 'sluice/base': 'sha256:2' }))
    expect(keyOf(own, {}, { debian: 'sha256:1' })).not.toBe(keyOf(own, {}, { debian: 'sha256:2' }))
    expect(keyOf(own, { args: { A: '1' } })).not.toBe(keyOf(own))
  })
})
