import { findEscapes, type Program } from './known-escapes.ts'

/** What was seen on a host. Outcomes are values: a look that failed has seen something too. */
export type Host = {
  readonly programs: readonly Program[]
  readonly engine: Seen & {
    readonly choice: 'docker' | 'process' | 'wait'
    /** Another host has a worker that was heard, and its engine. */
    readonly isElsewhere: boolean
  }
  readonly stores: readonly (Seen & { readonly name: string })[]
  readonly disks: readonly Disk[]
  /** Ahead of the database's; null: it could not be asked. */
  readonly clockAheadMs: number | null
  /** What explainMetadata says; null: nothing. */
  readonly firewall: string | null
}

type Seen =
  | { readonly isThere: true; readonly text: string }
  | { readonly isThere: false; readonly text: string; readonly hint: string }

export type Disk = {
  readonly holds: string
  readonly path: string
  readonly freeBytes: number
  readonly totalBytes: number
  /** Below this nothing new is started. */
  readonly minFreeBytes: number
}

export type Finding = {
  readonly about: string
  readonly verdict: 'fine' | 'warning' | 'problem'
  readonly text: string
  /** What to do; null when there is nothing to do. */
  readonly hint: string | null
}

/** In the order in which somebody should read them who mends one after the other. */
export function judgeHost(host: Host): readonly Finding[] {
  return [
    judgeEngine(host.engine),
    ...host.programs.map(judgeProgram),
    ...host.stores.map(judgeStore),
    ...host.disks.map(judgeDisk),
    ...(host.clockAheadMs === null ? [] : [judgeClock(host.clockAheadMs)]),
    judgeFirewall(host),
  ]
}

const fine = (about: string, text: string): Finding => ({ about, verdict: 'fine', text, hint: null })
const warning = (about: string, text: string, hint: string): Finding => ({ about, verdict: 'warning', text, hint })
const problem = (about: string, text: string, hint: string): Finding => ({ about, verdict: 'problem', text, hint })

function judgeEngine(engine: Host['engine']): Finding {
  if (engine.choice === 'process')
    return warning(
      'engine',
      'Tasks run as plain processes of this host: they are not isolated from it nor from each other.',
      engine.isThere ? 'Unset SLUICE_EXECUTOR.' : `Install and start Docker. ${engine.hint}`,
    )
  if (engine.isThere) return fine('engine', engine.text)
  if (engine.isElsewhere)
    return warning(
      'engine',
      `${engine.text} Workers elsewhere have one, and a web needs none.`,
      `If this host is to run tasks: ${engine.hint}`,
    )
  return problem('engine', engine.text, engine.hint)
}

function judgeProgram(program: Program): Finding {
  const said =
    program.package === null
      ? program.version
      : `${program.version} (${program.package.name} ${program.package.version})`
  const open = findEscapes(program)
  if (open.length === 0) return fine(program.name, said)
  const holes = open.map(({ names, lets }) => `lets ${lets} (${names.join(', ')})`).join(', and ')
  const fixed = open.map(({ fixedIn }) => fixedIn.at(-1) ?? '').at(-1)
  return warning(
    program.name,
    `${said} ${holes}.`,
    `Upgrade to ${fixed} or newer, or to a package of your distribution that names the fix.`,
  )
}

const judgeStore = (store: Host['stores'][number]) =>
  store.isThere ? fine(store.name, store.text) : problem(store.name, store.text, store.hint)

function judgeDisk({ holds, path, freeBytes, totalBytes, minFreeBytes }: Disk): Finding {
  const said = `${sayBytes(freeBytes)} of ${sayBytes(totalBytes)} free at ${path} (${holds})`
  if (freeBytes < minFreeBytes)
    return problem(
      'disk',
      `${said}: less than SLUICE_MIN_FREE, so nothing new is started.`,
      'Make room; what waits goes on by itself.',
    )
  if (freeBytes < totalBytes / 10 && freeBytes < ROOMY_BYTES) return warning('disk', `${said}.`, 'Make room soon.')
  return fine('disk', said)
}

const ROOMY_BYTES = 20 * 2 ** 30

function judgeClock(aheadMs: number): Finding {
  const seconds = Math.abs(Math.round(aheadMs / 1000))
  if (Math.abs(aheadMs) < MAX_SKEW_MS) return fine('clock', 'The same as the database’s')
  return warning(
    'clock',
    `This host’s clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the database’s. Sluice goes by the database’s.`,
    'Synchronise both, for example with chrony or systemd-timesyncd.',
  )
}

const MAX_SKEW_MS = 2_000

const judgeFirewall = ({ firewall, engine }: Host) =>
  firewall === null || engine.choice !== 'docker'
    ? fine('firewall', 'Tasks cannot reach a metadata address of a cloud')
    : warning('firewall', firewall, 'Run it at every boot: Docker’s rules do not outlive it.')

/** `1.2 GiB` */
function sayBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 2 ** (10 * power)
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}
