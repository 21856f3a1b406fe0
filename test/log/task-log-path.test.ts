import { describe, expect, it } from 'vitest'
import { type TaskLogPath, taskLogPath } from '../../src/log/task-log-path.ts'
import { getZone } from '../../src/workflow/zone.ts'

const LOG: TaskLogPath = {
  projectId: '12',
  workflow: 'daily',
  sessionTime: new Date('2026-03-28T23:00:00Z'),
  zone: getZone('Europe/Berlin'),
  retryName: '',
  createdAt: new Date('2026-03-29T05:00:00Z'),
  fullName: '+daily+extract',
  startedAt: new Date('2026-03-29T05:00:01.250Z'),
  worker: 'host/1',
}

describe('the path of a task’s log', () => {
  it('is Digdag’s', () => {
    expect(taskLogPath(LOG)).toEqual({
      folder: '2026-03-29/0.12daily@20260329T000000+0100',
      file: '+daily+extract@69c8b1d10ee6b280.host-1.log.gz',
    })
    expect(taskLogPath({ ...LOG, retryName: 'again' }).folder).toBe('2026-03-29/0.12daily@20260329T000000+0100_again')
  })

  it.each<[string, Partial<TaskLogPath>]>([
    ['slashes', { fullName: '+a/../../etc', retryName: '../../x', workflow: 'a/b' }],
    ['a NUL', { fullName: '+a\0b' }],
    ['names that are too long', { fullName: `+${'ä'.repeat(400)}`, retryName: 'x'.repeat(400) }],
  ])('is one folder and one file below the date, whatever %s there are', (_name, changes) => {
    const { folder, file } = taskLogPath({ ...LOG, ...changes })
    expect(folder.split('/')).toHaveLength(2)
    for (const name of [file, folder.split('/')[1] ?? '']) {
      expect(name).not.toMatch(/[/\0]|^\.\.?$/)
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
    }
    expect(file).toMatch(/@69c8b1d10ee6b280\.host-1\.log\.gz$/)
  })
})
