import { describe, expect, it } from 'vitest'
import type { ShownAttempt } from '../../src/shown/attempt.ts'
import type { AttemptPageProps } from '../../src/ui/attempt.ts'
import { AttemptPage } from '../../src/ui/attempt-page.tsx'
import { treeRows } from '../../src/ui/task-tree.ts'
import { whyWaiting } from '../../src/ui/why-waiting.ts'
import { HOSTILE, minutesAgo, NOW, taskOf, textOf, viewOf } from '../support/views.ts'

const attempt: ShownAttempt = {
  id: '1841',
  project: 'weather',
  workflow: 'daily_sync',
  timezone: 'Europe/Berlin',
  sessionTime: new Date('2026-03-27T23:00:00Z'),
  index: 1,
  retryName: '',
  state: 'running',
  startedBy: 'schedule',
  cancelRequestedBy: null,
  createdAt: minutesAgo(14),
  finishedAt: null,
  revision: {
    number: 42,
    commit: '8c1f2aa'.padEnd(40, '0'),
    message: 'Keep raw readings for 48 h',
    author: 'Tomas Lind',
  },
  params: { region: 'eu' },
  taskCount: 3,
  lastGood: { id: '1800', revision: 41, finishedAt: minutesAgo(1440) },
  attempts: [],
  recent: [],
}

const run = { epoch: '1', logId: '7', startedAt: minutesAgo(10), finishedAt: minutesAgo(8), outcome: 'error' }
const root = taskOf({ id: '1', fullName: '+daily_sync', kind: 'group', state: 'planned' })
const failed = taskOf({
  id: '2',
  fullName: '+daily_sync+load',
  parentId: '1',
  state: 'error',
  error: 'Command failed with code 137',
  exitCause: 'ran out of memory at 512 MiB',
  worker: 'fra1-a',
  runs: [run],
})
const waiting = taskOf({
  id: '3',
  fullName: '+daily_sync+score',
  parentId: '1',
  state: 'ready',
  queue: 'gpu',
  readyAt: minutesAgo(8),
})

function pageOf(changes: Partial<AttemptPageProps> = {}, of: Partial<ShownAttempt> = {}): string {
  const props = {
    attempt: { ...attempt, ...of },
    tasks: [root, failed, waiting],
    queues: [],
    selected: failed,
    isChosen: false,
    lastLines: [],
    log: null,
    ...changes,
  }
  return String(AttemptPage({ view: viewOf(), props }))
}

describe('the page of an attempt', () => {
  it('says what killed it and what changed, before anything else', () => {
    const text = textOf(pageOf())
    expect(text).toContain('+daily_sync+load ran out of memory at 512 MiB')
    expect(text).toContain('At 07:06:08, 2m 00s after it started on fra1-a.')
    expect(text).toContain('New since v41.')
    expect(text).toContain('“Keep raw readings for 48 h” Tomas Lind 8c1f2aa')
  })

  it('shows the last lines of what failed', () => {
    expect(textOf(pageOf({ lastLines: ['building frame', 'Killed'] }))).toContain('Last lines building frame Killed')
  })

  it('names the file with which to try it elsewhere', () => {
    expect(textOf(pageOf())).toContain('sluice run daily_sync.dig')
  })

  it('says so when it was not the code', () => {
    const lastGood = { id: '1800', revision: 42, finishedAt: minutesAgo(1440) }
    expect(textOf(pageOf({}, { lastGood }))).toContain('Not the code.')
  })

  it('asks before it kills, and offers a retry only when it is over', () => {
    expect(textOf(pageOf())).toContain('Kill attempt 1841? Nothing of it runs right now.')
    expect(textOf(pageOf())).not.toContain('Run all again')
    const over = textOf(pageOf({}, { state: 'error', finishedAt: NOW }))
    expect(over).toContain('Retry failed')
    expect(over).not.toContain('Kill attempt')
  })

  it('carries its token in every form', () => {
    const html = pageOf({
      tasks: [root, taskOf({ id: '9', fullName: '+daily_sync+x', parentId: '1', state: 'unknown' })],
    })
    const forms = html.split('<form').slice(1)
    expect(forms.length).toBeGreaterThan(4)
    for (const form of forms)
      expect(form.split('</form>')[0]).toContain('<input type="hidden" name="csrf" value="the-token"/>')
  })

  it('follows while it runs and not a moment longer', () => {
    expect(pageOf()).toContain('data-events="/events/attempts/1841"')
    expect(pageOf({ isChosen: true })).toContain('data-events="/events/attempts/1841?task=2"')
    expect(pageOf({}, { state: 'success', finishedAt: NOW })).not.toContain('data-events')
  })

  it('lets no name break out of its place', () => {
    const task = taskOf({
      ...failed,
      fullName: `+${HOSTILE}`,
      parentId: '1',
      error: HOSTILE,
      exitCause: HOSTILE,
      worker: HOSTILE,
    })
    const of = {
      project: HOSTILE,
      workflow: HOSTILE,
      startedBy: HOSTILE,
      params: { [HOSTILE]: HOSTILE },
      revision: { ...attempt.revision, message: HOSTILE, author: HOSTILE },
    }
    const html = pageOf({ tasks: [root, task], selected: task }, of)
    expect(html).not.toMatch(/<script>|<img/)
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(html).not.toMatch(/ (on\w+|style)="/)
  })
})

describe('the task tree', () => {
  it('stands in the order in which it runs, each name without its parent’s', () => {
    const tasks = [
      taskOf({ id: '1', fullName: '+w' }),
      taskOf({ id: '2', fullName: '+w+a', parentId: '1' }),
      taskOf({ id: '3', fullName: '+w+b', parentId: '1' }),
      taskOf({ id: '4', fullName: '+w+a^sub+loop-0', parentId: '2' }),
    ]
    expect(treeRows(tasks).map(({ name, depth }) => [name, depth])).toEqual([
      ['+a', 0],
      ['^sub+loop-0', 1],
      ['+b', 0],
    ])
  })

  it('gives a group the time of its tasks', () => {
    const early = taskOf({
      id: '3',
      fullName: '+w+g+a',
      parentId: '2',
      state: 'success',
      runs: [{ ...run, startedAt: minutesAgo(9), finishedAt: minutesAgo(7) }],
    })
    const late = taskOf({
      id: '4',
      fullName: '+w+g+b',
      parentId: '2',
      state: 'success',
      runs: [{ ...run, startedAt: minutesAgo(6), finishedAt: minutesAgo(2) }],
    })
    const group = (state: 'planned' | 'success') =>
      treeRows([
        taskOf({ id: '1', fullName: '+w' }),
        taskOf({ id: '2', fullName: '+w+g', parentId: '1', kind: 'group', state }),
        early,
        late,
      ])[0]?.span
    expect(group('success')).toEqual({ from: minutesAgo(9), to: minutesAgo(2) })
    expect(group('planned')).toEqual({ from: minutesAgo(9), to: null })
  })
})

describe('why a task waits', () => {
  const queue = { queue: 'gpu', online: 0, slots: 0, busy: 0, lastHeardAt: minutesAgo(12), holder: null }
  const why = (tasks: Parameters<typeof whyWaiting>[0], queues: Parameters<typeof whyWaiting>[1]) =>
    whyWaiting(tasks, queues, { now: NOW, zone: 'UTC' }).map((line) => `${line.task.fullName} ${line.why}`)

  it.each([
    ['nobody serves its queue', [], 'waits for a worker: none has ever served queue gpu.'],
    [
      'its workers are silent',
      [queue],
      'waits for a worker: no worker of queue gpu is online. The last was heard 12 min ago.',
    ],
    [
      'all slots are busy',
      [{ ...queue, online: 1, slots: 4, busy: 4 }],
      'waits for a slot: all 4 of queue gpu are busy.',
    ],
    [
      'it is about to be claimed',
      [{ ...queue, online: 1, slots: 4, busy: 1 }],
      'waits to be claimed by 1 worker of queue gpu.',
    ],
  ])('is said when %s', (_when, queues, words) => {
    expect(why([waiting], queues)).toEqual([`+daily_sync+score ${words}`])
  })

  it.each([
    ['is busy', { busy: 4 }, 'waits for a slot of worker h/1, which has the files of this attempt: all 4 are busy.'],
    ['is free', {}, 'waits to be claimed by worker h/1, which has the files of this attempt.'],
    [
      'has a problem',
      { problem: 'Docker does not answer.' },
      'waits for worker h/1, which has the files of this attempt and takes no new work: Docker does not answer.',
    ],
    ['drains', { isDraining: true }, 'waits for worker h/1, which has the files of this attempt and is being stopped.'],
    [
      'is silent',
      { isOnline: false, silentMs: 40_000 },
      'waits for worker h/1, which has the files of this attempt and was last heard 40 s ago: after a minute others go on without them.',
    ],
  ])('is said of the one worker that may take it, which %s, though another is free', (_when, seen, words) => {
    const holder = { name: 'h/1', slots: 4, busy: 1, isOnline: true, isDraining: false, problem: null, silentMs: 0 }
    const both = { ...queue, online: 2, slots: 8, busy: 4 }
    expect(why([waiting], [{ ...both, holder: { ...holder, ...seen } }])).toEqual([`+daily_sync+score ${words}`])
  })

  it('is said of what waits for others, once for a chain', () => {
    const first = taskOf({ id: '5', fullName: '+w+a', state: 'running' })
    const second = taskOf({ id: '6', fullName: '+w+b', upstreams: ['5'] })
    const third = taskOf({ id: '7', fullName: '+w+c', upstreams: ['6'] })
    expect(why([first, second, third], [])).toEqual(['+w+b waits for +w+a.'])
    expect(why([{ ...first, state: 'error' }, second, third], [])).toEqual([
      '+w+b will not start: it needs +w+a, which did not succeed.',
    ])
    expect(why([taskOf({ id: '8', fullName: '+w+d', state: 'retry_waiting', retryAt: minutesAgo(-2) })], [])).toEqual([
      '+w+d is tried again at 06:16:08.',
    ])
  })
})
