import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Hints } from '../db/hints.ts'
import { listRailRows, type RailRow } from '../db/pages/rail.ts'
import type { Database } from '../db/sql.ts'
import type { Assets } from '../ui/document.tsx'
import { type Rail, railParts, type View } from '../ui/shell.tsx'
import type { Look } from '../ui/states.tsx'
import type { Env } from './env.ts'
import type { Report } from './errors.tsx'
import { themeOf } from './page.ts'

const RAIL_MS = 3000

export type PagePorts = {
  readonly sql: Database
  readonly hints: Pick<Hints, 'hear'>
  readonly report: Report
  readonly now: () => Date
  readonly assets: Assets
  /** Where new schedules start switched off, its name; null: they run. */
  readonly quietEnvironment: string | null
  /** What people and forges call us; null: as the request did. */
  readonly url: string | null
}

type FramePorts = 'now' | 'assets' | 'quietEnvironment'

/** What every page shows around itself. `path` is where its forms come back to. */
export async function readView(
  c: Context<Env>,
  { sql, ...frame }: Pick<PagePorts, 'sql' | FramePorts>,
  path: string,
): Promise<View> {
  return { ...viewWithoutRail(c, frame, path), rail: railOf(await listRailRows(sql)) }
}

/** For a page's stream: a busy page looks more often than its rail needs to. */
export function openRail(
  sql: Database,
): (isLast: boolean) => Promise<Readonly<Record<string, { toString(): string }>>> {
  let readAt = -Infinity
  return async (isLast) => {
    if (!isLast && performance.now() - readAt < RAIL_MS) return {}
    readAt = performance.now()
    return railParts(railOf(await listRailRows(sql)))
  }
}

/** For parts that are sent alone. */
export function viewWithoutRail(
  c: Context<Env>,
  { now, assets, quietEnvironment }: Pick<PagePorts, FramePorts>,
  path: string,
): View {
  return {
    assets,
    theme: themeOf(c),
    now: now(),
    zone: zoneOf(c),
    quietEnvironment,
    user: c.get('user').name,
    csrf: c.get('csrf'),
    path,
    rail: { projects: [], needsYou: 0 },
  }
}

/** Without a slash at its end. */
export const addressOfServer = (c: Context<Env>, { url }: Pick<PagePorts, 'url'>): string =>
  (url ?? c.get('client').origin).replace(/\/+$/, '')

function railOf(rows: readonly RailRow[]): Rail {
  return {
    projects: rows.map((row) => ({ name: row.name, look: lookOf(row) })),
    needsYou: rows.reduce((sum, { failed, unknown, held }) => sum + failed + unknown + held, 0),
  }
}

/** The worst open state of its workflows. */
function lookOf({ isLive, failed, running, unknown, held }: RailRow): Look {
  if (failed > 0) return { glyph: 'fail', tone: 'fail', word: `${failed} failed` }
  if (unknown > 0) return { glyph: 'unknown', tone: 'lost', word: `${unknown} unknown` }
  if (held > 0) return { glyph: 'unknown', tone: 'lost', word: `${held} held` }
  if (running > 0) return { glyph: 'run', tone: 'run', word: 'Running' }
  if (!isLive) return { glyph: 'blocked', tone: 'still', word: 'Nothing is live' }
  return { glyph: 'ok', tone: 'ok', word: 'Well' }
}

const zones = new Map<string, boolean>()
const MOST_ZONES = 1000

/** What the browser said, when it is a zone at all. */
function zoneOf(c: Context): string {
  const zone = getCookie(c, 'zone')
  return zone !== undefined && isZone(zone) ? zone : 'UTC'
}

function isZone(zone: string): boolean {
  const known = zones.get(zone)
  if (known !== undefined) return known
  const isOne = /^[A-Za-z0-9_+/-]{1,60}$/.test(zone) && canFormat(zone)
  if (zones.size < MOST_ZONES) zones.set(zone, isOne)
  return isOne
}

function canFormat(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: zone })
    return true
  } catch {
    return false // RangeError: the only way Intl says that it does not know a zone
  }
}
