import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AttemptId } from '../brand.ts'
import type { Agents } from './agents.ts'
import { attemptFolder, beat, exists, runName } from './attempt-folder.ts'
import { readCertificates } from './certificates.ts'
import type { Executor, Run, SpoolState } from './executor.ts'
import { followRun } from './follow-run.ts'
import { unlessFull } from './full-disk.ts'
import { openPlaces, type Places } from './places.ts'
import { readPlanted } from './planted.ts'
import { clearRun, plainName, postRun, takeBack } from './post-run.ts'
import { confirmNote, findNote, findPreparedNote, forgetNotes } from './run-notes.ts'
import { stopRun } from './stop-run.ts'

const BEAT_MS = 10_000

/** The protocol of agent and spool (agent.sh) over any `agents`. `home` is this worker's own folder. */
export async function openExecutor(
  { home, extraCa }: { home: string; extraCa: string | null },
  agents: Agents,
): Promise<Executor & { leave(): void }> {
  await mkdir(home, { recursive: true, mode: 0o711 })
  const certificates = extraCa === null ? null : await readCertificates(extraCa)
  const places = openPlaces({ home, certificates }, agents)
  const listFolders = async () => (await readdir(home)).filter((name) => /^\d+$/.test(name)) as AttemptId[] // only we make them
  const beatAll = async () => {
    for (const attemptId of await listFolders()) await beat(attemptFolder(home, attemptId), String(Date.now()))
  }
  await beatAll()
  const heart = setInterval(() => void beatAll(), BEAT_MS).unref()

  return {
    kind: agents.kind,
    open: (place, unpack) => unlessFull(home, () => places.open(place, unpack)),
    state: (run) => spoolState(places, run),
    async start(run, command) {
      const folder = places.folder(run)
      if ((await spoolState(places, run)) === 'absent')
        await unlessFull(home, () => postRun({ agents, places }, run, command))
      await agents.ring(run.attemptId, folder, `start ${runName(run)}`)
    },
    follow: (run, offset, take, options) =>
      followRun({ agents, folder: places.folder(run), places }, run, { offset, take, ...options }),
    async readOutput(run, name, maxBytes) {
      const taken = await takeBack(places.folder(run), runName(run))
      return taken === undefined ? undefined : await readPlanted(join(taken, plainName(name)), maxBytes)
    },
    kill: (run, graceMs) => stopRun({ agents, folder: places.folder(run), places }, run, graceMs, { cause: 'killed' }),
    async discard(run) {
      const folder = places.folder(run)
      await places.letGo(run)
      await clearRun(folder, runName(run))
      await forgetNotes(folder, runName(run))
    },
    async attempts() {
      return [...new Set([...(await listFolders()), ...(await agents.list())])]
    },
    async close(attemptId) {
      await places.close(attemptId)
    },
    leave() {
      clearInterval(heart)
      places.leave()
      agents.leave()
    },
  }
}

async function spoolState(places: Places, run: Run): Promise<SpoolState> {
  const folder = places.folder(run)
  const name = runName(run)
  const has = (kind: string) => exists(join(folder.spool, `${name}.${kind}`))
  if ((await findNote(folder, name)) === undefined) {
    if (!(await wasPosted(places, run))) return 'absent'
    await confirmNote(folder, name)
  }
  if (await has('done')) return 'done'
  return (await has('started')) ? 'started' : 'posted'
}

/**
 * Of a note that was prepared and not confirmed: whether the command had reached the spool. That it does not lie there proves something only while the agent
 * that it was meant for lives: a power cut ends the agent, and may take what was in the spool and leave the note.
 */
async function wasPosted(places: Places, run: Run): Promise<boolean> {
  const [folder, name] = [places.folder(run), runName(run)]
  const note = await findPreparedNote(folder, name)
  if (note === undefined) return false
  if (note.agentId !== (await places.findAgentId(run.attemptId))) return true
  const traces = ['run', 'started', 'done'].map((kind) => exists(join(folder.spool, `${name}.${kind}`)))
  return (await Promise.all(traces)).includes(true)
}
