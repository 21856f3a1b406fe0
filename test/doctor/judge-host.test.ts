import { describe, expect, it } from 'vitest'
import { type Host, judgeHost } from '../../src/doctor/judge-host.ts'

const GIB = 2 ** 30
const DISK = { holds: 'work', path: '/srv', freeBytes: 50 * GIB, totalBytes: 100 * GIB, minFreeBytes: GIB / 4 }
const WELL: Host = {
  programs: [{ name: 'git', version: '2.50.1', package: null }],
  engine: { isThere: true, text: 'Docker 29.0.0 answers', choice: 'docker', isElsewhere: false },
  stores: [{ name: 'database', isThere: true, text: 'PostgreSQL 17 answers' }],
  disks: [DISK],
  clockAheadMs: 12,
  firewall: null,
}
const AWAY = { isThere: false, text: 'Docker does not answer.', hint: 'Start it.', isElsewhere: false } as const

/** What is not fine. */
const told = (changes: Partial<Host>) =>
  judgeHost({ ...WELL, ...changes })
    .filter(({ verdict }) => verdict !== 'fine')
    .map(({ about, verdict, text }) => `${verdict} ${about}: ${text}`)

describe('the judgement of a host', () => {
  it('is that all is well, with a line for everything that was looked at', () => {
    expect(told({})).toEqual([])
    expect(judgeHost(WELL).map(({ about }) => about)).toEqual([
      'engine',
      'git',
      'database',
      'disk',
      'clock',
      'firewall',
    ])
  })

  it.each<[string, Partial<Host>, string]>([
    ['no engine', { engine: { ...AWAY, choice: 'wait' } }, 'problem engine: Docker does not answer.'],
    [
      'an engine that only workers elsewhere have',
      { engine: { ...AWAY, choice: 'wait', isElsewhere: true } },
      'warning engine: Docker does not answer. Workers elsewhere have one, and a web needs none.',
    ],
    [
      'tasks that are not isolated',
      { engine: { ...AWAY, choice: 'process' } },
      'warning engine: Tasks run as plain processes of this host: they are not isolated from it nor from each other.',
    ],
    [
      'a program with a known hole',
      { programs: [{ name: 'runc', version: '1.1.12', package: { name: 'runc', version: '1.1.12-1', fixes: [] } }] },
      'warning runc: 1.1.12 (runc 1.1.12-1) lets a Dockerfile take over the host (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881).',
    ],
    [
      'a store that is away',
      { stores: [{ name: 'redis', isThere: false, text: 'Redis does not answer.', hint: 'Start it.' }] },
      'problem redis: Redis does not answer.',
    ],
    [
      'a disk that is full',
      { disks: [{ ...DISK, freeBytes: GIB / 8 }] },
      'problem disk: 128 MiB of 100 GiB free at /srv (work): less than SLUICE_MIN_FREE, so nothing new is started.',
    ],
    [
      'a disk that fills',
      { disks: [{ ...DISK, freeBytes: 4 * GIB }] },
      'warning disk: 4.0 GiB of 100 GiB free at /srv (work).',
    ],
    [
      'a clock that is ahead',
      { clockAheadMs: 3_600_400 },
      'warning clock: This host’s clock is 3600 s ahead of the database’s. Sluice goes by the database’s.',
    ],
    [
      'a clock that is behind',
      { clockAheadMs: -5_000 },
      'warning clock: This host’s clock is 5 s behind the database’s. Sluice goes by the database’s.',
    ],
    ['an open firewall', { firewall: 'Tasks can reach it.' }, 'warning firewall: Tasks can reach it.'],
  ])('tells of %s', (_name, changes, line) => expect(told(changes)).toEqual([line]))

  it('says with each what to do', () => {
    const bad = judgeHost({ ...WELL, engine: { ...AWAY, choice: 'wait' }, clockAheadMs: 9_000, firewall: 'x' })
    for (const { verdict, hint } of bad) expect(hint === null).toBe(verdict === 'fine')
  })
})
