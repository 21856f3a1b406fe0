import type { AttemptId } from '../../src/brand.ts'
import { Refusal } from '../../src/refusal.ts'
import type { Command, Executor, Exit, Place, Run, SpoolState } from '../../src/spool/executor.ts'

/** One command as the fake knows it: a test writes its output and ends it when it likes. */
export type FakeRun = {
  readonly run: Run
  readonly command: Command
  readonly write: (text: string) => void
  readonly exit: (exit: Exit | number, output?: string) => void
}

type Kept = FakeRun & { bytes: Buffer; ended: Exit | undefined; output: string | undefined; handed: number }

const nameOf = ({ taskId, epoch }: Run) => `${taskId}-${epoch}`

/**
 * The executor port in memory. It outlives the worker that uses it, as a spool does: offsets are of bytes, a run is started once whoever asks how often.
 * `answer` says what a command does as soon as it starts; undefined leaves it running.
 */
export function openFakeExecutor(answer: (command: Command, run: FakeRun) => void = (_, run) => run.exit(0)) {
  const runs = new Map<string, Kept>()
  const places = new Map<AttemptId, Place>()
  const ears = new Set<() => void>()
  const tell = () => {
    for (const ear of [...ears]) ear()
  }
  const changed = () =>
    new Promise<void>((resolve) => {
      const ear = () => {
        ears.delete(ear)
        resolve()
      }
      ears.add(ear)
    })
  const get = (run: Run): Kept => {
    const kept = runs.get(nameOf(run))
    if (kept === undefined) throw new Error(`nothing is known of run ${nameOf(run)}`)
    return kept
  }
  const fake = {
    started: [] as string[],
    killed: [] as string[],
    isAway: false,
    until: async (isTrue: () => boolean) => {
      while (!isTrue()) await changed()
    },
    running: () => [...runs.values()].filter(({ ended }) => ended === undefined),
    opened: () => [...places.keys()],
  }

  function keep(run: Run, command: Command): Kept {
    const kept: Kept = {
      run,
      command,
      bytes: Buffer.alloc(0),
      ended: undefined,
      output: undefined,
      handed: 0,
      write(text) {
        kept.bytes = Buffer.concat([kept.bytes, Buffer.from(text)])
        tell()
      },
      exit(exit, output) {
        kept.ended ??= typeof exit === 'number' ? { kind: 'exited', code: exit } : exit
        kept.output = output
        tell()
      },
    }
    return kept
  }

  const executor: Executor = {
    kind: 'process',
    async open(place, unpack) {
      if (fake.isAway) throw new Refusal('unavailable', 'The Docker engine does not answer.', 'Start it.')
      if (places.has(place.attemptId)) return
      places.set(place.attemptId, place)
      await unpack('/nowhere')
    },
    async state(run): Promise<SpoolState> {
      const kept = runs.get(nameOf(run))
      if (kept === undefined) return 'absent'
      return kept.ended === undefined ? 'started' : 'done'
    },
    async start(run, command) {
      if (runs.has(nameOf(run))) return
      const kept = keep(run, command)
      runs.set(nameOf(run), kept)
      fake.started.push(nameOf(run))
      answer(command, kept)
      tell()
    },
    async follow(run, offset, take) {
      const kept = get(run)
      let at = offset
      for (;;) {
        const { ended, bytes } = kept
        if (bytes.length > at) {
          await take(bytes.subarray(at))
          at = bytes.length
        } else if (ended !== undefined) return ended
        else await changed()
      }
    },
    readOutput: async (run) => get(run).output,
    async kill(run) {
      fake.killed.push(nameOf(run))
      runs.get(nameOf(run))?.exit({ kind: 'killed' })
      tell()
    },
    async discard(run) {
      runs.delete(nameOf(run))
    },
    attempts: async () => [...places.keys()],
    async close(attemptId) {
      places.delete(attemptId)
      tell()
    },
  }
  return { executor, fake }
}
