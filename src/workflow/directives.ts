/**
 * Every key of the language and where it may stand (Digdag's, and the extensions of ours). `root` is the top of a file, `group` a task with +tasks,
 * `operator` a task with an operator. Keys that begin with `_` and are ours, not Digdag's, are marked in EXTENSIONS.
 */
export const ROOT_KEYS: ReadonlySet<string> = new Set([
  ...['timezone', '_export', 'schedule', 'sla', '_error', '_check', '_retry', '_parallel'],
  ...['_timeout', '_queue', '_concurrency', '_resources', '_image', '_notify', '_isolation', '_environment'],
])

export const GROUP_KEYS: ReadonlySet<string> = new Set([
  ...['timezone', 'schedule', 'sla', '_parallel', '_background', '_after', '_error', '_check', '_retry', '_export'],
  ...['_secrets', '_disable'],
  ...['_timeout', '_always', '_queue', '_concurrency', '_resources', '_image', '_isolation'],
])

/** Legal on a task of any operator, besides the operator's own options. */
export const OPERATOR_KEYS: ReadonlySet<string> = new Set([
  ...['_type', '_command', '_export', '_background', '_after', '_error', '_check', '_retry', '_secrets', '_disable'],
  ...['_env', '_workdir', '_parallel', '_do', '_else_do', 'docker'],
  ...['_timeout', '_always', '_queue', '_concurrency', '_resources', '_image', '_isolation'],
])

export const EXTENSIONS: ReadonlySet<string> = new Set([
  ...['_timeout', '_always', '_queue', '_concurrency', '_resources', '_image', '_notify', '_isolation', '_environment'],
])

/** All that begins with `_`: what a mistyped `_` key may have meant. */
export const DIRECTIVES: ReadonlySet<string> = new Set(
  [...ROOT_KEYS, ...GROUP_KEYS, ...OPERATOR_KEYS].filter((key) => key.startsWith('_')),
)

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

export const SCHEDULE_TYPES: ReadonlySet<string> = new Set([
  ...['cron', 'daily', 'hourly', 'weekly', 'monthly', 'minutes_interval', 'seconds_interval'],
])

export const SCHEDULE_OPTIONS: ReadonlySet<string> = new Set([
  ...['skip_on_overtime', 'skip_delayed_by', 'start', 'end', '_overlap', '_missed', '_environment'],
])

export function isChildKey(key: string): boolean {
  return key.startsWith('+')
}

/** `sh>` and `_type` make a task an operator's. */
export function isOperatorKey(key: string): boolean {
  return key.endsWith('>') || key === '_type'
}
