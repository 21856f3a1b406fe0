import { call } from './call.ts'
import { echo } from './echo.ts'
import { fail } from './fail.ts'
import { forEach } from './for-each.ts'
import { forRange } from './for-range.ts'
import { ifOperator } from './if.ts'
import { loop } from './loop.ts'
import type { Operator } from './operator.ts'
import { py } from './py.ts'
import { sh } from './sh.ts'
import { wait } from './wait.ts'

/** By the word before `>`. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [call, echo, fail, forEach, forRange, ifOperator, loop, py, sh, wait].map((one) => [one.name, one]),
)
