import type { FileHandle } from 'node:fs/promises'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AttemptId } from '../brand.ts'
import { Refusal } from '../refusal.ts'
import type { Agents } from './agents.ts'
import {
  type AttemptFolder,
  attemptFolder,
  beat,
  CERTIFICATES,
  findPlace,
  layDown,
  makeFolder,
  removeTree,
  runName,
  seal,
} from './attempt-folder.ts'
import type { Place, Run } from './executor.ts'
import { createOutput } from './output.ts'
import { openPlanted } from './planted.ts'
import { openSpoolWatch, type SpoolWatch } from './spool-watch.ts'

/** What this process holds of each attempt: all of it can be found again from the disk and the engine. */
export type Places = {
  open(place: Place, unpack: (folder: string) => Promise<void>): Promise<void>
  get(attemptId: AttemptId): Promise<{ place: Place; agentId: string }>
  /** Of the agent that serves the attempt now. */
  findAgentId(attemptId: AttemptId): Promise<string | undefined>
  folder(run: { attemptId: AttemptId }): AttemptFolder
  watch(attemptId: AttemptId): SpoolWatch
  /** The output file of a run that is about to be posted. */
  hold(run: Run): Promise<void>
  /** The output file; undefined when a task removed it before we held it. */
  output(run: Run): Promise<FileHandle | undefined>
  letGo(run: Run): Promise<void>
  /** Its agent has just ended a run in order. */
  sawAlive(attemptId: AttemptId): void
  close(attemptId: AttemptId): Promise<void>
  leave(): void
}

type PlacesOptions = { readonly home: string; readonly certificates: string | null }
type Held = {
  opening?: Promise<void>
  agentId?: string
  aliveAt?: number
  watch?: SpoolWatch
  readonly outputs: Map<string, FileHandle>
}

/** The next task of an attempt comes a moment after the last: the engine is not asked again for a container whose agent has just spoken. */
const ALIVE_MS = 1000

export function openPlaces({ home, certificates }: PlacesOptions, agents: Agents): Places {
  const held = new Map<AttemptId, Held>()
  const of = (attemptId: AttemptId): Held => {
    const found = held.get(attemptId) ?? { outputs: new Map() }
    held.set(attemptId, found)
    return found
  }
  const folderOf = (attemptId: AttemptId) => attemptFolder(home, attemptId)

  async function ensure(place: Place, unpack: (folder: string) => Promise<void>): Promise<void> {
    const { agentId, aliveAt = Number.NEGATIVE_INFINITY } = of(place.attemptId)
    if (agentId !== undefined && performance.now() - aliveAt < ALIVE_MS) return
    const folder = folderOf(place.attemptId)
    const life = await agents.look(place.attemptId, folder)
    if (life.kind === 'running' && (await findPlace(folder))) {
      of(place.attemptId).agentId = life.agentId
      return
    }
    await agents.check(place)
    await makeFolder(folder, place, agents.owner, unpack)
    await beat(folder, String(Date.now()))
    if (certificates !== null) await layDown(folder, CERTIFICATES, certificates)
    await sealRuns(folder)
    of(place.attemptId).agentId = await agents.start(place, folder)
  }

  async function release(attemptId: AttemptId): Promise<void> {
    const one = held.get(attemptId)
    held.delete(attemptId)
    one?.watch?.close()
    for (const file of one?.outputs.values() ?? []) await file.close()
  }

  const findAgentId = async (attemptId: AttemptId) =>
    of(attemptId).agentId ?? (await askAgentId(agents, attemptId, folderOf(attemptId)))

  return {
    // Two tasks of one attempt may open it at once: the second waits for the first.
    open(place, unpack) {
      const one = of(place.attemptId)
      one.opening ??= ensure(place, unpack).finally(() => {
        delete one.opening
      })
      return one.opening
    },
    async get(attemptId) {
      const place = await findPlace(folderOf(attemptId))
      const agentId = await findAgentId(attemptId)
      if (place === undefined || agentId === undefined) throw notOpen(attemptId)
      return { place, agentId }
    },
    findAgentId,
    folder: ({ attemptId }) => folderOf(attemptId),
    watch(attemptId) {
      const one = of(attemptId)
      one.watch ??= openSpoolWatch(folderOf(attemptId).spool)
      return one.watch
    },
    async hold(run) {
      const folder = folderOf(run.attemptId)
      const name = `${runName(run)}.out`
      const file = await createOutput(join(folder.staging, name), join(folder.spool, name), agents.owner)
      of(run.attemptId).outputs.set(runName(run), file)
    },
    async output(run) {
      const { outputs } = of(run.attemptId)
      const file =
        outputs.get(runName(run)) ??
        (await openPlanted(join(folderOf(run.attemptId).spool, `${runName(run)}.out`), 'write'))
      if (file !== undefined) outputs.set(runName(run), file)
      return file
    },
    async letGo(run) {
      const { outputs } = of(run.attemptId)
      await outputs.get(runName(run))?.close()
      outputs.delete(runName(run))
    },
    sawAlive(attemptId) {
      of(attemptId).aliveAt = performance.now()
    },
    async close(attemptId) {
      await agents.end(attemptId, folderOf(attemptId))
      await release(attemptId)
      await removeTree(folderOf(attemptId).root)
    },
    leave() {
      for (const attemptId of [...held.keys()]) void release(attemptId)
    },
  }
}

/** A new agent must not start what was posted to the one before it: those runs are lost, and their owners are told so. */
async function sealRuns(folder: AttemptFolder): Promise<void> {
  for (const file of await readdir(folder.spool)) {
    const name = /^(\d+-\d+)\.run$/.exec(file)?.[1]
    if (name !== undefined) await seal(folder, name)
  }
}

async function askAgentId(agents: Agents, attemptId: AttemptId, folder: AttemptFolder): Promise<string | undefined> {
  const life = await agents.look(attemptId, folder)
  return life.kind === 'running' ? life.agentId : undefined
}

const notOpen = (attemptId: AttemptId) =>
  new Refusal(
    'unavailable',
    `Attempt ${attemptId} has no agent on this worker, so it cannot run a task.`,
    'Open its place again.',
  )
