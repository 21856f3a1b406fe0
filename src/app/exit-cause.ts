import type { Exit } from '../spool/executor.ts'

/** How a run ended, in words: `exited with 3`, `out of memory at 512 MiB`, `killed by ana`, `timed out after 1 h`. */
export function exitCause(exit: Exit, canceledBy: string | null): string {
  switch (exit.kind) {
    case 'exited':
      return `exited with ${exit.code}`
    case 'out_of_memory':
      return `out of memory at ${inWords(
        exit.limitBytes,
        [
          ['GiB', 2 ** 30],
          ['MiB', 2 ** 20],
          ['KiB', 2 ** 10],
        ],
        'bytes',
      )}`
    case 'timed_out':
      return `timed out after ${inWords(
        exit.afterMs,
        [
          ['d', 86_400_000],
          ['h', 3_600_000],
          ['min', 60_000],
          ['s', 1000],
        ],
        'ms',
      )}`
    case 'killed':
      return canceledBy === null ? 'killed' : `killed by ${canceledBy}`
    case 'unstarted':
      return `not started: ${exit.why}`
    case 'lost':
      return `lost: ${exit.why}`
  }
}

/** In the largest unit that divides it, so that a limit reads as it was set. */
function inWords(value: number, units: readonly (readonly [string, number])[], smallest: string): string {
  const unit = units.find(([, size]) => value >= size && value % size === 0)
  return unit === undefined ? `${value} ${smallest}` : `${value / unit[1]} ${unit[0]}`
}
