import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOMS = ['test/queue', 'test/app']
const OPENS_ONE = /open(Redis|Postgres)WakeUps|\bopenWakeUps\b|src\/queue\/(redis|postgres|bullmq)/

describe('the tests of queue/ and app/', () => {
  it('run on both backends wherever they touch the queue', () => {
    const files = ROOMS.flatMap(listTests)
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => isOneSided(readFileSync(file, 'utf8')))).toEqual([])
  })

  it('would be caught if they did not', () => {
    expect(isOneSided(`const wakeUps = await openWakeUps('redis')`)).toBe(true)
    expect(isOneSided(`import { openRedisWakeUps } from '../../src/queue/redis.ts'`)).toBe(true)
    expect(isOneSided(`eachBackend('x', (open) => {}); it('y', () => openWakeUps('redis'))`)).toBe(true)
    expect(isOneSided(`eachBackend('x', (open) => {})`)).toBe(false)
    expect(isOneSided(`const wakeUps = { ring: async () => {} }`)).toBe(false)
  })
})

const isOneSided = (text: string) => OPENS_ONE.test(text)

function listTests(room: string): string[] {
  if (!existsSync(room)) return []
  const names = readdirSync(room, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => /\.test\.tsx?$/.test(name) && name !== 'both-backends.test.ts')
    .map((name) => join(room, name))
}
