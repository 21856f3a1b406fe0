import { describe, expect, it } from 'vitest'
import { commandFile } from '../../src/spool/command-file.ts'
import { shell } from '../support/executors.ts'

const inside = { workspace: '/workspace', run: '/spool/7-1' }

describe('a command file', () => {
  it('exports, changes the folder and launches, with every word quoted', () => {
    const command = shell('', {
      argv: ['python3', { inRun: 'runner.py' }, `it's; rm -rf "$HOME"`],
      env: { A: '$(id)\nb', OUT: { inRun: 'out' } },
      cwd: 'sub dir',
    })
    expect(commandFile(command, inside)).toBe(
      `export A='$(id)\nb'\nexport OUT='/spool/7-1/out'\ncd '/workspace/sub dir' || exit 126\nlaunch 'python3' '/spool/7-1/runner.py' 'it'\\''s; rm -rf "$HOME"'\n`,
    )
  })

  it('leaves texts as they are, whatever they look like', () => {
    const command = shell('', { argv: ['echo', '{run}/x', '$SLUICE_RUN'], env: { A: '{run}' } })
    expect(commandFile(command, inside)).toContain("export A='{run}'\n")
    expect(commandFile(command, inside)).toContain("launch 'echo' '{run}/x' '$SLUICE_RUN'\n")
  })

  it.each(['A B', '1A', 'A=1', 'A;id', ''])('refuses the variable name "%s"', (name) => {
    expect(() => commandFile(shell('', { env: { [name]: '' } }), inside)).toThrow('cannot be the name')
  })

  it('refuses a NUL byte', () => {
    expect(() => commandFile(shell('a\0b'), inside)).toThrow('NUL byte')
  })
})
