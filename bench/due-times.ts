import type { Figure } from './figures.ts'

/** What was built: `dist/workflow/` lies beside `dist/bench/`. */
const built: {
  readSchedule(config: Readonly<Record<string, unknown>>, timezone: string): object | null
  nextDue(schedule: object, afterSessionTime: Date): object | null
} = await import(`${new URL('../workflow/schedule.js', import.meta.url)}`)

const MANY = 10_000
const KINDS: readonly Readonly<Record<string, unknown>>[] = [
  { 'daily>': '07:00:00' },
  { 'hourly>': '30:00' },
  { 'weekly>': 'Mon,09:00:00' },
  { 'monthly>': '31,00:00:00' },
  { 'minutes_interval>': 15 },
  { 'cron>': '*/5 1-20 * * Mon-Fri' },
]
const NOW = Date.UTC(2026, 10, 29)

/** The next session of many schedules of all kinds in all zones, beside one question to Intl for each: before, each took several. */
export function measureDueTimes(repeats: number): readonly Figure[] {
  const zones = Intl.supportedValuesOf('timeZone')
  const zoneOf = (n: number) => zones[n % zones.length] ?? 'UTC'
  const rounds = Array.from({ length: repeats }, (_, round) => round)
  const reckon = (round: number) => {
    for (let n = 0; n < MANY; n += 1) {
      const schedule = built.readSchedule(KINDS[n % KINDS.length] ?? {}, zoneOf(n))
      if (schedule !== null) built.nextDue(schedule, new Date(NOW + (round * MANY + n) * 60_000))
    }
  }
  const formats = new Map(zones.map((timeZone) => [timeZone, new Intl.DateTimeFormat('en-US', { timeZone, ...PARTS })]))
  const ask = () => {
    for (let n = 0; n < MANY; n += 1) formats.get(zoneOf(n))?.formatToParts(NOW + n * 60_000)
  }
  const first = [timed(() => reckon(0))]
  const baseline = rounds.map(() => timed(ask))
  return [
    { what: `next sessions of ${MANY} schedules, zones unknown yet`, ms: first, target: null, baseline },
    {
      what: 'the same again, zones known',
      ms: rounds.map((round) => timed(() => reckon(round))),
      target: null,
      baseline,
    },
  ]
}

const PARTS: Intl.DateTimeFormatOptions = { dateStyle: 'short', timeStyle: 'medium' }

function timed(act: () => void): number {
  const begun = performance.now()
  act()
  return performance.now() - begun
}
