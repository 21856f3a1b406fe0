import type { JsonObject } from '../brand.ts'
import type { Startable } from '../db/startable.ts'
import type { Calendar } from '../workflow/calendar.ts'
import { readSchedule } from '../workflow/schedule.ts'
import { formatInZone, getZone } from '../workflow/zone.ts'

/** `last_session_time` and `next_session_time` of a scheduled workflow (as in Digdag): they win over params of that name. */
export function neighbours({ config, timezone }: Startable, sessionTime: Date, calendar: Calendar): JsonObject {
  const schedule = config.schedule === undefined ? null : readSchedule(config.schedule, timezone)
  if (schedule === null) return {}
  const last = calendar.previousDue(schedule, sessionTime)
  const next = calendar.nextDue(schedule, sessionTime)
  const inZone = (time: Date) => formatInZone(getZone(timezone), time.getTime())
  return {
    ...(last === null ? {} : { last_session_time: inZone(last.sessionTime) }),
    ...(next === null ? {} : { next_session_time: inZone(next.sessionTime) }),
  }
}
