import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'

export type Figure = {
  readonly what: string
  readonly ms: readonly number[]
  /** Milliseconds that it may take; null: it has no target of its own. */
  readonly target: number | null
  /** The same work done in the way that the table compares with; null: there is nothing to compare with. */
  readonly baseline: readonly number[] | null
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Minimum, median and maximum; a target is met when the median keeps it. */
export function renderTable(figures: readonly Figure[], beside = 'docker run'): string {
  const head = ['', 'min', 'median', 'max', 'target', '', beside, 'ratio']
  const rows = [head, head.map(() => '---'), ...figures.map(rowOf)]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`).join('\n')
}

function rowOf({ what, ms, target, baseline }: Figure): string[] {
  const middle = median(ms)
  const verdict = target === null ? '' : middle <= target ? 'met' : 'MISSED'
  const beside = baseline === null ? ['', ''] : [show(median(baseline)), `${(middle / median(baseline)).toFixed(3)}`]
  const limit = target === null ? '' : `<= ${show(target)}`
  return [what, show(Math.min(...ms)), show(middle), show(Math.max(...ms)), limit, verdict, ...beside]
}

const show = (ms: number) => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(digitsOf(ms))} ms`)
const digitsOf = (ms: number) => (ms < 1 ? 3 : ms < 100 ? 1 : 0)

/** Figures say little without it. */
export function describeMachine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const docker = execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' }).trim()
  const load = loadavg().map((value) => value.toFixed(1))
  return `${cpus().length} x ${cpus()[0]?.model}, ${memory}, Docker ${docker}, Node ${process.version}, load ${load.join(' ')}`
}
