import type { Command } from 'commander'
import type { ScheduleAnswer } from '../http/api/answers.ts'
import { HELD, SKIPPED } from '../workflow/schedule-words.ts'
import { pathOf } from './client.ts'
import { listAll } from './list-all.ts'
import { idOf } from './number.ts'
import { commandWith, sayJson, sayTable, withJson } from './show.ts'
import type { Tools } from './tools.ts'

type Schedules = { readonly schedules: readonly ScheduleAnswer[]; readonly quietEnvironment: string | null }

/** `sluice schedules [PROJECT]` */
export function schedulesCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'schedules',
      'List what runs when',
      ['sluice schedules', 'of every project'],
      ['sluice schedules weather', 'of one'],
    ),
  )
    .argument('[project]')
    .action(async (project: string | undefined, { json }: { json?: boolean }) => {
      const path = project === undefined ? '/api/schedules' : pathOf('projects', project, 'schedules')
      const list = { path, name: 'schedules', size: 100 } as const
      const answer = await listAll<'schedules', Schedules>(tools.client, list)
      if (json) return sayJson(tools, answer)
      const rows = answer.schedules.map((each) => [
        each.id,
        each.project.name,
        each.workflow.name,
        nextRunOf(each),
        each.nextScheduleTime,
      ])
      sayTable(
        tools,
        ['ID', 'PROJECT', 'WORKFLOW', 'NEXT RUN', 'FOR SESSION'],
        rows,
        'Nothing is scheduled. Add a schedule: to a .dig file and push it.',
      )
      const off = answer.schedules.filter(({ disabledAt }) => disabledAt !== null).length
      if (off > 0) tools.say(sayOff(off, answer.quietEnvironment))
      for (const { id } of answer.schedules.filter(isHeld))
        tools.say(
          `Schedule ${id} is ${HELD}. Make them up: sluice schedules:enable ${id}. Leave them out: sluice schedules:enable ${id} --skip`,
        )
      for (const { id, refusedBecause } of answer.schedules.filter(isOn))
        if (refusedBecause !== null)
          tools.say(`Schedule ${id} could not start its session, and tries again: ${refusedBecause}`)
      for (const { id, lastSkip } of answer.schedules)
        if (lastSkip !== null)
          tools.say(`Schedule ${id} left out the session of ${lastSkip.sessionTime}: ${SKIPPED[lastSkip.because]}`)
    })
}

function sayOff(off: number, quietEnvironment: string | null): string {
  const why = quietEnvironment === null ? '' : ` (in ${quietEnvironment} they start switched off)`
  return `${off} ${off === 1 ? 'is' : 'are'} off${why}. Switch one on, from now on: sluice schedules:enable ID --skip`
}

const isOn = ({ disabledAt, elsewhere }: ScheduleAnswer) => disabledAt === null && elsewhere === null
const isHeld = (schedule: ScheduleAnswer) => isOn(schedule) && schedule.heldAt !== null

function nextRunOf(schedule: ScheduleAnswer): string {
  if (schedule.elsewhere !== null) return `only in ${schedule.elsewhere.join(', ')}`
  if (schedule.disabledAt !== null) return `off since ${schedule.disabledAt}`
  if (schedule.heldAt !== null) return `held since ${schedule.heldAt}`
  return schedule.waitingSince === null ? schedule.nextRunTime : `waits since ${schedule.waitingSince}`
}

/** `sluice schedules:disable ID` and `sluice schedules:enable ID` */
export function disableScheduleCommand(tools: Tools): Command {
  return withJson(
    commandWith('schedules:disable', 'Stop a schedule for a while', [
      'sluice schedules:disable 1',
      'nothing of it starts until it is enabled',
    ]),
  )
    .argument('<id>', 'as sluice schedules shows it', idOf)
    .action(async (id: string, { json }: { json?: boolean }) => {
      const answer = await tools.client.send('POST', pathOf('schedules', id, 'disable'), {})
      if (json) return sayJson(tools, answer)
      tools.say(`Schedule ${id} is off. Go on with it: sluice schedules:enable ${id}`)
    })
}

export function enableScheduleCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'schedules:enable',
      'Go on with a schedule',
      ['sluice schedules:enable 1 --skip', 'from now on'],
      ['sluice schedules:enable 1', 'and make up what was missed'],
    ),
  )
    .argument('<id>', 'as sluice schedules shows it', idOf)
    .option('--skip', 'leave out what was missed')
    .action(async (id: string, { skip, json }: { skip?: boolean; json?: boolean }) => {
      const body = { skipSchedule: skip === true }
      const answer = await tools.client.send<ScheduleAnswer>('POST', pathOf('schedules', id, 'enable'), body)
      if (json) return sayJson(tools, answer)
      tools.say(`Schedule ${id} is on. Its next run: ${answer.nextRunTime}`)
    })
}
