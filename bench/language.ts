import { parseArgs } from 'node:util'
import { measureChecks, measureHeld } from './checks.ts'
import { measureDueTimes } from './due-times.ts'
import { measureExpressions } from './expressions.ts'
import { describeMachine, renderTable } from './figures.ts'

// What a push's check and each task wait for in the language itself: no server, no database.

const { values } = parseArgs({ options: { repeats: { type: 'string', default: '5' } } })
console.log(describeMachine())
const checks = await measureChecks(Number(values.repeats))
console.log(
  `\nChecks, ${values.repeats} repeats of the median of ten, once warm\n\n${renderTable(checks, 'js-yaml alone')}`,
)
console.log(`\n${[10, 50].map((tasks) => measureHeld(Number(values.repeats), tasks)).join('\n')}`)
const expressions = await measureExpressions(Number(values.repeats))
console.log(`\nExpressions, ${values.repeats} repeats of the median of many\n\n${renderTable(expressions, 'node:vm')}`)
const dues = measureDueTimes(Number(values.repeats))
console.log(`\nSchedules, ${values.repeats} repeats\n\n${renderTable(dues, 'a question to Intl each')}`)
console.log(`\n${describeMachine()}`)
