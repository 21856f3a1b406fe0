import { describe, expect, it } from 'vitest'
import { unusedWords } from '../../src/log/unused-words.ts'

/** As a real Digdag 0.10.5 says it. */
describe('what a log says of an option that nobody reads', () => {
  const wordsOf = (keys: readonly string[], options: readonly string[] = []) => unusedWords(keys, options, '+wf+a')
  const unused = (key: string) => `Parameter '${key}' is not used at task +wf+a.`

  it.each([
    [['echo>'], [], []],
    [['_type', '_command', '_env', '_secrets', '_after', '_background'], [], []],
    [['first', 'echo>'], [], [unused('first')]],
    [['echo>', '_comand', 'color'], [], [unused('_comand'), '  > Did you mean [_command]?', unused('color')]],
    [
      ['if>', '_doo', '_do'],
      ['_do', '_else_do'],
      [unused('_doo'), '  > Did you mean [_do]?'],
    ],
    [['if>', '_dooo'], ['_do', '_else_do'], [unused('_dooo')]],
    [['echo>', '_retry', '_workdir', '_parallel'], [], ['_retry', '_workdir', '_parallel'].map(unused)],
    [['echo>', '_timeout', '_queue'], [], []], // ours
    [['echo>', '_envs'], [], [unused('_envs'), '  > Did you mean [_env]?']],
  ])('of %j', (keys, options, words) => {
    expect(wordsOf(keys, options)).toEqual(words)
  })
})
