import type { ShownWorker } from '../shown/worker.ts'
import { countOf } from './format.ts'
import { wave } from './gate.tsx'
import { Glyph } from './glyph.tsx'
import { AsksForPassword, CopyLine } from './parts.tsx'

/** Before the first push. */
export function FirstRun({ address, workers }: { address: string; workers: readonly ShownWorker[] }) {
  return (
    <>
      <div id="head"></div>
      <div class="cols first" id="columns">
        <div class="stack">
          <div>
            <h1 class="headline">Push a repository to begin.</h1>
            <p class="lede">
              Any git repository with a <code>.dig</code> file will do. Sluice checks it, builds its environment, starts
              its schedules, and this page becomes your overview.
            </p>
          </div>
          <HowToPush address={address} />
          <Waiting />
        </div>
        <aside class="stack">
          <div class="sheet pad two">
            <section>
              <h2>No repository at hand?</h2>
              <p>The sample reads four years of weather, with a schedule, a check and parallel statistics.</p>
              <CopyLine text="sluice demo" />
            </section>
            <section>
              <h2>Have a Digdag project?</h2>
              <p>Push it unchanged: the language is the same.</p>
            </section>
          </div>
          <ThisServer workers={workers} />
        </aside>
      </div>
    </>
  )
}

function HowToPush({ address }: { address: string }) {
  return (
    <ol class="steps">
      <li>
        <h2>Point your repository here</h2>
        <CopyLine text={`git remote add sluice ${address}/git/weather.git`} />
        <p class="small quiet">The last part of the address becomes the project’s name.</p>
      </li>
      <li>
        <h2>Push</h2>
        <CopyLine text="git push sluice main" />
        <AsksForPassword />
      </li>
    </ol>
  )
}

const STEPS = [
  ['Received', 'git push'],
  ['Checked', 'every .dig'],
  ['Built', 'one image'],
  ['Live', 'v1'],
] as const

function Waiting() {
  return (
    <section class="sheet waiting" aria-label="Waiting for your first push">
      <p class="live big">Waiting for your first push</p>
      <p class="soft">The moment it arrives, its deploy stands here. Nothing to reload.</p>
      <ol class="locks">
        {STEPS.map(([word, note]) => (
          <li class="is-still">
            <span class="state is-still">
              <Glyph name="blocked" tone="still" />
              {word}
            </span>
            <p>{note}</p>
          </li>
        ))}
      </ol>
      <svg class="wave" viewBox="0 0 960 30" preserveAspectRatio="none" aria-hidden="true">
        <path class="drift" d={wave(12, 8, 12)} />
        <path class="drift slow b2" d={wave(20, 6, 12)} />
      </svg>
    </section>
  )
}

function ThisServer({ workers }: { workers: readonly ShownWorker[] }) {
  const online = workers.filter(({ state }) => state === 'online')
  const slots = online.reduce((sum, worker) => sum + worker.slots, 0)
  const docker = online.find(({ executor }) => executor === 'docker')
  return (
    <div>
      <p class="small quiet cap8">This server</p>
      <ul class="ready">
        <li>
          {online.length > 0 ? <Glyph name="ok" tone="ok" /> : <Glyph name="warn" tone="late" />}
          <b>Worker</b>
          <span>
            {online.length > 0
              ? `${online.length} online, ${countOf(slots, 'slot')}`
              : 'none is online: tasks will wait'}
          </span>
        </li>
        {online.length === 0 ? null : (
          <li>
            {docker === undefined ? <Glyph name="warn" tone="late" /> : <Glyph name="ok" tone="ok" />}
            <b>Docker</b>
            <span>{docker === undefined ? 'not in use: tasks run as processes, not isolated' : docker.engine}</span>
          </li>
        )}
      </ul>
    </div>
  )
}
