import { MISSED, OVERLAPS } from './schedule-policy.ts'
import {
  ANYTHING,
  CONCURRENCY,
  DAY,
  DURATION,
  ENVIRONMENTS,
  MAPPING,
  NAMES,
  oneOf,
  PARALLEL,
  PATH,
  RESOURCES,
  RETRY,
  type Shape,
  TASK,
  TEXT,
  VARIABLES,
  YES_OR_NO,
  ZONE,
} from './shapes.ts'

/** `root` is the top of a file, `group` a task with +tasks, `operator` a task with an operator, `schedule` the mapping of that name. */
export type Place = 'root' | 'group' | 'operator' | 'schedule'

export const PLACE_WORDS: Readonly<Record<Place, string>> = {
  root: 'the top of a file',
  group: 'a group of +tasks',
  operator: 'a task with an operator',
  schedule: 'schedule:',
}

/** `own`: for the task where it stands. `below`: for all tasks below it, too. `export`: for these when it stands in `_export`. */
export type Reach = 'own' | 'below' | 'export'

/** Where `${}` is evaluated: `here` with the task, `operator` with a task that has an operator and in no group, `later` in the tasks that it is for. */
export type Templates = 'never' | 'here' | 'operator' | 'later'

export type Directive = {
  readonly key: string
  readonly places: readonly Place[]
  /** Digdag accepts it there, and it does nothing. */
  readonly idleIn: readonly Place[]
  /** The words of the operators that know it; absent: all. */
  readonly operators?: readonly string[]
  readonly reach: Reach
  readonly templates: Templates
  readonly shape: Shape
  /** As it stands behind the key. */
  readonly example: string
  /** An extension of ours, not Digdag's. */
  readonly isOurs: boolean
  /** It is checked and kept, and nothing acts on it so far. */
  readonly isComing: boolean
  readonly says: string
}

type Given = Omit<Directive, 'key' | 'isOurs' | 'isComing' | 'idleIn'> & Partial<Pick<Directive, 'isComing' | 'idleIn'>>

const digdag = (key: string, given: Given): Directive => ({ key, isOurs: false, isComing: false, idleIn: [], ...given })
const ours = (key: string, given: Given): Directive => ({ ...digdag(key, given), isOurs: true })

const TASKS = ['group', 'operator'] as const
const EVERYWHERE = ['root', ...TASKS] as const
const LOOPS = ['loop', 'for_each', 'for_range'] as const
const OWN = { reach: 'own', templates: 'never' } as const

/** Every key of the language. The checker reads it, and docs/language.md is this table, rendered. */
export const DIRECTIVES: readonly Directive[] = [
  digdag('timezone', {
    ...{ places: ['root'], idleIn: ['group'], reach: 'below', templates: 'never', shape: ZONE },
    example: 'Asia/Tokyo',
    says: 'Zone of the schedule and of session times: a name of the IANA list or an offset such as `+09:00`. UTC without it.',
  }),
  digdag('_export', {
    ...{ places: EVERYWHERE, reach: 'below', templates: 'later', shape: MAPPING },
    example: '{region: tokyo}',
    says: 'Variables of this task and all below it. Templates in them are evaluated in each task that sees them, used or not.',
  }),
  digdag('schedule', {
    ...{ places: ['root'], idleIn: ['group'], ...OWN, shape: MAPPING },
    example: '{daily>: 07:00:00}',
    says: 'When the workflow runs: one of `cron>`, `daily>`, `hourly>`, `weekly>`, `monthly>`, `minutes_interval>`, and the options below.',
  }),
  digdag('sla', {
    ...{ places: ['root'], idleIn: ['group'], reach: 'own', templates: 'later', shape: MAPPING },
    example: '{time: 09:00, alert: true}',
    says: 'What happens when a session is late: `time` or `duration`, `alert`, `fail`, and +tasks of its own.',
  }),
  digdag('_error', {
    ...{ places: EVERYWHERE, reach: 'own', templates: 'later', shape: TASK },
    example: '{echo>: failed}',
    says: 'A task that runs when this one has finally failed. It sees `error.message`; the task stays failed.',
  }),
  digdag('_check', {
    ...{ places: ['operator'], idleIn: ['root', 'group'], reach: 'own', templates: 'later', shape: TASK },
    example: '{sh>: ./verify.sh}',
    says: 'A task that runs when this one has succeeded; if it fails, this one fails.',
  }),
  digdag('_retry', {
    ...{ places: EVERYWHERE, reach: 'export', templates: 'operator', shape: RETRY },
    example: '{limit: 3, interval: 10}',
    says: 'How often and when it runs again after a failure. A group begins again with all of its tasks. `on: [error]` leaves out the loss of a worker.',
  }),
  digdag('_parallel', {
    ...{ places: EVERYWHERE, operators: LOOPS, reach: 'own', templates: 'operator', shape: PARALLEL },
    example: '{limit: 4}',
    says: 'The +tasks, or the iterations of a loop, run beside each other; with a limit of N so many at a time, and the next N when all of these are done.',
  }),
  digdag('_background', {
    ...{ places: TASKS, ...OWN, shape: YES_OR_NO },
    example: 'true',
    says: 'In a sequence: it begins with the group, and the next task in the foreground waits for it too.',
  }),
  digdag('_after', {
    ...{ places: TASKS, ...OWN, shape: NAMES },
    example: '[+first, +second]',
    says: 'In parallel: it waits until these tasks, which are listed before it, have succeeded.',
  }),
  digdag('_disable', {
    ...{ places: TASKS, ...OWN, shape: YES_OR_NO },
    example: 'true',
    says: 'The task succeeds and does nothing, and neither does anything below it.',
  }),
  digdag('_secrets', {
    ...{ places: ['operator'], idleIn: ['group'], reach: 'export', templates: 'here', shape: MAPPING, isComing: true },
    example: '{pg: {password: my.key}}',
    says: 'Other names of secrets: `{pg: {password: my.key}}` reads `pg.password` from `my.key`.',
  }),
  digdag('_env', {
    ...{ places: ['operator'], reach: 'own', templates: 'here', shape: VARIABLES },
    example: '{TOKEN: "${secret:token}"}',
    says: 'Variables of the environment of a command. `${secret:key}` stands for a secret of the project; there are none yet, so that a task which asks for one fails.',
  }),
  digdag('_workdir', {
    ...{ places: ['operator'], reach: 'export', templates: 'here', shape: PATH },
    example: 'scripts',
    says: 'The folder where commands run and where `call>` looks for files, from the top of the project.',
  }),
  digdag('_do', {
    ...{ places: ['operator'], operators: ['if', ...LOOPS], reach: 'own', templates: 'later', shape: TASK },
    example: '{echo>: "${i}"}',
    says: 'The task that `if>` runs, or each iteration of a loop.',
  }),
  digdag('_else_do', {
    ...{ places: ['operator'], operators: ['if'], reach: 'own', templates: 'later', shape: TASK },
    example: '{echo>: otherwise}',
    says: 'The task that `if>` runs when the condition is false.',
  }),
  digdag('_type', {
    ...{ places: ['operator'], reach: 'own', templates: 'here', shape: TEXT },
    example: 'sh',
    says: 'The long form: `_type: sh` with `_command: ls` is `sh>: ls`. An operator that is only known when the task runs is not checked before.',
  }),
  digdag('_command', {
    ...{ places: ['operator'], reach: 'own', templates: 'here', shape: ANYTHING },
    example: 'ls',
    says: 'The value of the operator, in the long form.',
  }),
  digdag('docker', {
    ...{ places: ['operator'], reach: 'export', templates: 'here', shape: MAPPING, isComing: true },
    example: '{image: "python:3.12"}',
    says: 'The image in which a command runs: `{image: "python:3.12"}`. Without it, the image of the project.',
  }),
  ours('_timeout', {
    ...{ places: EVERYWHERE, reach: 'own', templates: 'operator', shape: DURATION, isComing: true },
    example: '1h 30m',
    says: 'The longest that it may run: then it is stopped and has failed. That of a group counts for all of its tasks together.',
  }),
  ours('_always', {
    ...{ places: TASKS, ...OWN, shape: YES_OR_NO, isComing: true },
    example: 'true',
    says: 'It runs after the tasks before it whatever has become of them: for cleaning up.',
  }),
  ours('_queue', {
    ...{ places: EVERYWHERE, reach: 'below', templates: 'never', shape: TEXT },
    example: 'gpu',
    says: 'The workers that run it: those started with `--queues` of this name.',
  }),
  ours('_concurrency', {
    ...{ places: EVERYWHERE, reach: 'own', templates: 'here', shape: CONCURRENCY, isComing: true },
    example: '{key: warehouse, limit: 2}',
    says: 'Of all that has this key, in all projects, so many run at a time; the others wait.',
  }),
  ours('_resources', {
    ...{ places: EVERYWHERE, reach: 'below', templates: 'never', shape: RESOURCES, isComing: true },
    example: '{memory: 512m, cpus: 1.5}',
    says: 'The most memory and processors that a task may use.',
  }),
  ours('_image', {
    ...{ places: EVERYWHERE, reach: 'below', templates: 'here', shape: TEXT, isComing: true },
    example: 'python:3.12',
    says: 'Short for `docker: {image: …}`.',
  }),
  ours('_isolation', {
    ...{ places: EVERYWHERE, reach: 'below', templates: 'never', shape: oneOf('attempt', 'task'), isComing: true },
    example: 'task',
    says: '`task` gives each task a container and a workspace of its own; otherwise those of an attempt share both.',
  }),
  ours('_notify', {
    ...{ places: ['root'], ...OWN, shape: MAPPING, isComing: true },
    example: '{on: [failure]}',
    says: 'Who is told of what becomes of a session.',
  }),
  digdag('skip_on_overtime', {
    ...{ places: ['schedule'], ...OWN, shape: YES_OR_NO },
    example: 'true',
    says: 'A session is left out while the newest attempt of another one runs and was not asked to stop.',
  }),
  digdag('skip_delayed_by', {
    ...{ places: ['schedule'], ...OWN, shape: DURATION },
    example: '30m',
    says: 'A session that could not begin for so long is left out.',
  }),
  digdag('start', {
    ...{ places: ['schedule'], ...OWN, shape: DAY },
    example: '2026-01-01',
    says: 'The first day of its runs.',
  }),
  digdag('end', {
    ...{ places: ['schedule'], ...OWN, shape: DAY },
    example: '2026-12-31',
    says: 'The last day of its runs.',
  }),
  ours('_overlap', {
    ...{ places: ['schedule'], ...OWN, shape: oneOf(...OVERLAPS) },
    example: 'queue',
    says: 'What becomes of a session that is due while an attempt of the workflow runs: it starts beside it (`allow`, as without it), is left out (`forbid`, as with `skip_on_overtime`), has it stopped and starts when it has ended (`replace`), or waits until it has ended (`queue`, in order, however many).',
  }),
  ours('_missed', {
    ...{ places: ['schedule'], ...OWN, shape: oneOf(...MISSED) },
    example: 'last',
    says: 'What becomes of sessions that nobody started within five minutes, or before the next one was due: ten are made up, then the schedule waits for a person (`all`, as without it); only the last is made up (`last`); none is (`none`); the schedule waits for a person at once (`ask`).',
  }),
  ours('_environment', {
    ...{ places: ['schedule'], ...OWN, shape: ENVIRONMENTS },
    example: 'production',
    says: 'It runs where SLUICE_ENVIRONMENT has this value, or one of these, and nowhere else; there it starts switched on. `development` where SLUICE_ENVIRONMENT is not set.',
  }),
]

const BY_KEY: ReadonlyMap<string, Directive> = new Map(DIRECTIVES.map((directive) => [directive.key, directive]))

export function findDirective(key: string): Directive | undefined {
  return BY_KEY.get(key)
}

/** Also the keys that Digdag accepts there in vain. */
function keysAt(place: Place): ReadonlySet<string> {
  return new Set(
    DIRECTIVES.filter(({ places, idleIn }) => [...places, ...idleIn].includes(place)).map(({ key }) => key),
  )
}

export function sayPlaces({ places }: Directive): string {
  return places.map((place) => PLACE_WORDS[place]).join(' or ')
}

export const ROOT_KEYS = keysAt('root')
export const GROUP_KEYS = keysAt('group')
/** Legal on a task of any operator, besides the operator's own options. */
export const OPERATOR_KEYS = keysAt('operator')
export const SCHEDULE_OPTIONS = keysAt('schedule')

export const SCHEDULE_TYPES: ReadonlySet<string> = new Set([
  ...['cron', 'daily', 'hourly', 'weekly', 'monthly', 'minutes_interval', 'seconds_interval'],
])

/** Options of operators (as in Digdag), by the word before `>`. An operator that is not here takes anything in silence. */
export const OPERATOR_OPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['sh', ['shell']],
  ['py', ['python', 'script']],
  ['rb', ['ruby', 'require']],
  ['echo', []],
  ['fail', []],
  ['call', []],
  ['if', []],
  ['loop', ['count']],
  ['for_each', []],
  ['for_range', []],
  ['wait', ['blocking', 'poll_interval']],
])

export function isChildKey(key: string): boolean {
  return key.startsWith('+')
}

/** `sh>`; `+a>` is a task with an odd name. */
export function isCommandKey(key: string): boolean {
  return key.endsWith('>') && !isChildKey(key)
}

/** `sh>` and `_type` make a task an operator's. */
export function isOperatorKey(key: string): boolean {
  return isCommandKey(key) || key === '_type'
}
