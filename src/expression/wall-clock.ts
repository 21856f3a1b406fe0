import { offsetMs, type Zone } from '../workflow/zone.ts'

const DAY = 86_400_000

/**
 * When the clocks of a zone show `wallMs`, by ECMAScript 5's rule, as Digdag's engine has it: the offset is that of the moment at which standard time
 * would show it. So 02:30 in spring's gap is 01:30, and of a time that is shown twice the second counts.
 */
export function instantOfWall(zone: Zone, wallMs: number): number {
  const standard = Math.min(offsetMs(zone, wallMs - DAY), offsetMs(zone, wallMs + DAY))
  return wallMs - offsetMs(zone, wallMs - standard)
}
