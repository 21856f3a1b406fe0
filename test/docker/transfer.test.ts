import { describe, expect, it } from 'vitest'
import type { BuildEvent } from '../../src/docker/build-events.ts'
import { followTransfer } from '../../src/docker/transfer.ts'

const MIB = 2 ** 20
const moving = (id: string, current: number, total: number): BuildEvent => ({
  id,
  status: 'Pushing',
  progressDetail: { current: current * MIB, total: total * MIB },
})

/** Each event takes two seconds. */
async function follow(...events: readonly BuildEvent[]) {
  let ms = 0
  async function* slowly() {
    for (const event of events) {
      ms += 2000
      yield event
    }
  }
  const lines: string[] = []
  const transferred = await followTransfer(
    slowly(),
    (line) => lines.push(line),
    () => ms,
  )
  return { lines, transferred }
}

describe('a push or a pull', () => {
  it('says from time to time how far it is, over all layers', async () => {
    const { lines } = await follow(
      { id: 'a', status: 'Preparing' },
      { id: 'a', status: 'Waiting' },
      moving('a', 1, 10),
      moving('b', 1, 30),
      moving('a', 10, 10),
      moving('b', 29, 30),
    )
    expect(lines).toEqual(['  1 of 10 MiB', '  11 of 40 MiB'])
  })

  it('ends with a digest', async () => {
    const { transferred } = await follow({ status: 'x: digest: …' }, { aux: { Digest: 'sha256:1' } })
    expect(transferred).toEqual({ digest: 'sha256:1', failure: null })
  })

  it('or with what was said against it', async () => {
    const { transferred } = await follow({ id: 'a', status: 'Preparing' }, { error: 'denied' })
    expect(transferred).toEqual({ digest: null, failure: 'denied' })
  })
})
