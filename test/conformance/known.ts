/** A part of an expectation: keys and places from the top, such as `attempts 0 logs +main+a`. */
type Part = { readonly at: readonly (string | number)[]; readonly ours: unknown }

/** Where Sluice does something else on purpose: what it gives instead, and why. All beside these parts is compared. */
export type Difference = { readonly reason: string; readonly parts: readonly Part[] }

const SUCCEEDED = {
  ...{ parent: '+main', state: 'success', isGroup: false, cancelRequested: false, upstreams: [], started: true },
  ...{ retryAt: null, exportParams: {}, storeParams: {}, stateParams: {}, error: null },
}

const NEWER = {
  '+main+arrow': { text: '${[1, 2].map(x => x + 1)}', gives: '[2,3]' },
  '+main+let': { text: '${(function(){ let a = 1; return a; })()}', gives: '1' },
  '+main+backquote': { text: '${`x`}', gives: 'x' },
  '+main+fine': {
    text: "${[1, 2].map(function(x) { return x * 2; })} ${Object.keys({b: 1, a: 2})} ${parseInt('08')} ${' x '.trim()}",
    gives: '[2,4] ["b","a"] 8 x',
  },
}

const MISTYPED = 'main.dig:2:16: +main+e has an unknown directive: _comand. Did you mean _command?'

/** Every known difference, by case. docs/digdag-compatibility.md tells them to people. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'kill-001-sleep': {
    reason: 'A kill lets the command that runs go on to its end: here it is told to stop',
    parts: [{ at: ['attempts', 0, 'logs', '+main+a'], ours: ['[INFO] sh>: echo begin; sleep 10; echo end\nbegin\n'] }],
  },
  'ops-008-unused-hints': {
    reason:
      'A directive that is mistyped passes the push: here a key in _ that is nearly one declines, with what was meant',
    parts: [
      {
        at: ['push'],
        ours: { status: 400, body: { message: MISTYPED, status: 400 } },
      },
      ...['workflows', 'schedules', 'attempts'].map((part) => ({ at: [part], ours: undefined })),
    ],
  },
  'push-029-operator-unknown': {
    reason: 'An operator that nobody knows passes the push: here it declines, as the task could only fail',
    parts: [
      {
        at: ['push'],
        ours: {
          status: 400,
          body: {
            message: 'main.dig:2:3: Unknown operator ehco>: +main+a cannot run. Did you mean echo>?',
            status: 400,
          },
        },
      },
      ...['workflows', 'schedules', 'attempts'].map((part) => ({ at: [part], ours: undefined })),
    ],
  },
  'push-038-schedule-cron': {
    reason: 'A cron pattern that cannot be read is answered with 500',
    parts: [
      {
        at: ['push'],
        ours: {
          status: 400,
          body: {
            message:
              'main.dig:2:10: "0 0 * *" is no cron pattern: it has 4 fields, and should have 5 (minute hour day month weekday). Write five fields: minute hour day month weekday, for example cron>: 42 4 1 * *.',
            status: 400,
          },
        },
      },
    ],
  },
  'sh-013-fresh-copy': {
    reason:
      'Each task has a fresh copy of the project: here the tasks of an attempt share one, and its folder for what is temporary',
    parts: [
      {
        at: ['attempts', 0, 'logs', '+main+dot'],
        ours: [
          '[INFO] sh>: ./run.sh; ls -A | grep -v digdag\nran\n.dotfile\n.tmp\nbase.txt\nmade.txt\nmain.dig\nrun.sh\n',
        ],
      },
      {
        at: ['attempts', 0, 'logs', '+main+look'],
        ours: ['[INFO] sh>: ls *.txt\nbase.txt\nmade.txt\n'],
      },
    ],
  },
  'var-029-old-script-only': {
    reason: 'Scripts know ECMAScript 5 alone; here also what came later (=> let ``)',
    parts: [
      { at: ['attempts', 0, 'attempt', 'body', 'status'], ours: 'success' },
      { at: ['attempts', 0, 'attempt', 'body', 'success'], ours: true },
      {
        at: ['attempts', 0, 'tasks'],
        ours: [
          { ...SUCCEEDED, name: '+main', parent: null, isGroup: true, started: false, config: { _parallel: true } },
          ...Object.entries(NEWER).map(([name, { text }]) => ({ ...SUCCEEDED, name, config: { 'echo>': text } })),
        ],
      },
      {
        at: ['attempts', 0, 'logs'],
        ours: Object.fromEntries(
          Object.entries(NEWER).map(([name, { gives }]) => [name, [`[INFO] echo>: ${gives}\n${gives}`]]),
        ),
      },
    ],
  },
}

/** Cases that Sluice does not pass yet, by what they wait for. One that passes must be taken from the list. */
export const WAITING: Readonly<Record<string, readonly string[]>> = {
  http: ['http-001-refused-post', 'http-002-refused-get', 'http-004-bad-uri', 'http-006-call-refused'],
  ops: ['ops-006-wait'],
  py: ['py-011-python-option'],
  rb: ['rb-001-method'],
  require: [
    'require-001-same-project',
    'require-002-child-fails',
    'require-003-ignore-failure',
    'require-007-missing',
    'require-010-rerun-none',
  ],
  sh: ['sh-016-secrets'],
}

/** What Sluice is expected to give. Throws where the difference is none. */
export function withDifferences(expected: unknown, { parts }: Difference): unknown {
  const changed = structuredClone(expected)
  for (const { at, ours } of parts) {
    const [key, holder] = [at.at(-1), at.slice(0, -1).reduce(step, changed)]
    if (key === undefined || typeof holder !== 'object' || holder === null)
      throw new Error(`there is no ${at.join(' ')} in it`)
    if (JSON.stringify(step(holder, key)) === JSON.stringify(ours)) throw new Error(`${at.join(' ')} is no difference`)
    Object.assign(holder, { [key]: ours })
  }
  return changed
}

function step(holder: unknown, key: string | number): unknown {
  if (typeof holder !== 'object' || holder === null) return undefined
  return Object.entries(holder).find(([name]) => name === String(key))?.[1]
}
