import { describe, expect, it } from 'vitest'
import { findEscapes, type ProgramName } from '../../src/doctor/known-escapes.ts'

const packaged = (...fixes: string[]) => ({ name: 'p', version: '1', fixes })

describe('known escapes', () => {
  it.each<[ProgramName, string, readonly string[]]>([
    ['runc', '1.1.11', ['CVE-2024-21626', 'CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881']],
    ['runc', '1.1.12', ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881']],
    ['runc', '1.2.7', ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881']],
    ['runc', '1.2.8', []],
    ['runc', '1.3.10', []],
    ['runc', '1.4.0', []],
    ['runc', '2.0.0', []],
    ['docker', '20.10.24+dfsg1', ['CVE-2024-41110']],
    ['docker', '27.1.1', []],
    ['docker', '27.0.3', ['CVE-2024-41110']],
    ['docker', '28.0.0', []],
    ['Docker Desktop', '4.43.0', ['CVE-2025-9074']],
    ['Docker Desktop', '4.50.0', []],
    ['git', '2.39.5', ['CVE-2025-48384', 'CVE-2025-48385']],
    ['git', '2.45.4', []],
    ['git', '2.50.0', ['CVE-2025-48384', 'CVE-2025-48385']],
    ['git', '2.50.1', []],
    ['git', '2.51', []],
    ['haproxy', '2.6.12-1+deb12u4', ['CVE-2023-25725', 'CVE-2023-40225']],
    ['haproxy', '3.0.5', []],
  ])('of %s %s are %s', (name, version, open) => {
    expect(findEscapes({ name, version, package: null }).flatMap(({ names }) => names)).toEqual(open)
  })

  it('are closed by a package of a distribution that names the fix', () => {
    const git = { name: 'git', version: '2.39.5' } as const
    expect(findEscapes({ ...git, package: packaged('CVE-2025-48384', 'CVE-2025-48385') })).toEqual([])
    const [half] = findEscapes({ ...git, package: packaged('CVE-2025-48384') })
    expect(half?.names).toEqual(['CVE-2025-48385'])
  })
})
