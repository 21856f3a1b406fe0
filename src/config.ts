import { resolve } from 'node:path'
import { Refusal } from './refusal.ts'
import {
  bytes,
  duration,
  durationOrForever,
  environmentName,
  folder,
  fraction,
  key,
  LISTEN,
  type Listen,
  listen,
  networks,
  oneOf,
  password,
  registry,
  type Setting,
  setting,
  text,
  Unfit,
  url,
  whole,
  words,
  yesOrNo,
} from './setting.ts'

/** Every setting there is. docs/settings.md is this table, rendered. */
export const SETTINGS = {
  home: setting(
    'SLUICE_HOME',
    resolve('.sluice'),
    'Folder of this installation: key, token, embedded PostgreSQL, work of the workers. Default: .sluice in the folder where it is started.',
    (raw) => resolve(raw),
  ),
  listen: setting(
    'SLUICE_LISTEN',
    LISTEN,
    'Where the server answers: host:port. `--port` overrides the port. On anything but loopback tasks never run outside Docker.',
    listen,
  ),
  url: setting(
    'SLUICE_URL',
    null,
    'Address of the server: for the CLI, and for the links and webhook addresses that the server shows. Default: where it listens.',
    url('http:', 'https:'),
  ),
  trustedProxies: setting(
    'SLUICE_TRUSTED_PROXIES',
    [],
    'Addresses and networks (CIDR) of proxies, comma-separated: what they say in X-Forwarded-For and X-Forwarded-Proto about a client is believed, of nobody else. They must set both themselves. Default: none.',
    networks,
  ),
  token: setting('SLUICE_TOKEN', null, 'Personal token of the CLI. Default: the token file in SLUICE_HOME.', text),
  databaseUrl: setting(
    'DATABASE_URL',
    null,
    'PostgreSQL 14 or newer. Default: an embedded one, started and stopped with the server.',
    url('postgres:', 'postgresql:'),
  ),
  redisUrl: setting(
    'REDIS_URL',
    null,
    'Redis for wake-ups. Default: they go through PostgreSQL.',
    url('redis:', 'rediss:', 'unix:'),
  ),
  dockerHost: setting('DOCKER_HOST', null, 'Docker engine, as for the docker command. It must be on this host.', text),
  environment: setting(
    'SLUICE_ENVIRONMENT',
    null,
    'Name of this environment: production, staging, … Where it is set to anything but production, schedules start switched off. Default: development, where they run. Only in development tasks ever run outside Docker.',
    environmentName,
  ),
  executor: setting(
    'SLUICE_EXECUTOR',
    'auto',
    'auto, docker or process (tasks as plain child processes, not isolated). auto is docker; process only in development, on loopback, where no engine was ever used.',
    oneOf('auto', 'docker', 'process'),
  ),
  adminPassword: setting(
    'SLUICE_ADMIN_PASSWORD',
    null,
    'First password of the user admin, of at least 8 characters. Default: a generated one, printed once.',
    password,
  ),
  secretKey: setting(
    'SLUICE_SECRET_KEY',
    null,
    'Key that seals secrets in the database: 64 hex digits, the same for every process of an installation. Default: the file key in SLUICE_HOME, made at the first start.',
    key,
  ),
  extraCa: setting(
    'SLUICE_EXTRA_CA',
    null,
    'PEM file with certificates that builds and tasks trust too, for networks that inspect TLS.',
    (raw) => resolve(raw),
  ),
  publicMetrics: setting(
    'SLUICE_PUBLIC_METRICS',
    false,
    '1 opens /metrics to everybody who can reach the server. Default: it needs a token, like everything else.',
    yesOrNo,
  ),
  smeeUrl: setting(
    'SLUICE_SMEE_URL',
    null,
    'smee.io channel that relays webhooks to this server, for development.',
    url('http:', 'https:'),
  ),
  localRemotes: setting(
    'SLUICE_LOCAL_REMOTES',
    false,
    '1 lets projects be linked to files and plain http remotes. For trying things out.',
    yesOrNo,
  ),
  privateRemotes: setting(
    'SLUICE_PRIVATE_REMOTES',
    [],
    'Hosts and networks (CIDR) with private addresses that projects may be linked to, comma-separated.',
    words,
  ),
  baseImage: setting(
    'SLUICE_BASE_IMAGE',
    'sluice/base',
    'Image that rendered Dockerfiles start from. Default: sluice/base, which scripts/base-image makes.',
    (raw) => raw,
  ),
  log: setting(
    'SLUICE_LOG',
    'auto',
    'auto, text or json: what the server writes of itself to standard output. auto is text on a terminal and JSON lines elsewhere.',
    oneOf('auto', 'text', 'json'),
  ),
  accessLogDir: setting(
    'SLUICE_ACCESS_LOG_DIR',
    null,
    'Folder for access.log: a line of JSON for each request. It may be moved away at any time; a new one is begun.',
    folder,
  ),
  taskLogDir: setting(
    'SLUICE_TASK_LOG_DIR',
    null,
    'Folder where a worker leaves the log of each task that it ran, as Digdag lays them out. Default: they are kept in the database only.',
    folder,
  ),
  keepLogsMs: setting(
    'SLUICE_KEEP_LOGS',
    durationOrForever('365d'),
    'How long the database keeps the text of a log after its task, build or deploy has ended, or forever. A line in its place says that it was removed.',
    durationOrForever,
  ),
  minFreeBytes: setting(
    'SLUICE_MIN_FREE',
    bytes('256m'),
    'With less room on the disk of SLUICE_HOME, or on that of the engine’s images, a worker starts nothing new. It goes on by itself when there is room.',
    bytes,
  ),
  registry: setting(
    'SLUICE_REGISTRY',
    null,
    'Image registry, [user:password@]host:port[/path] as the Docker engine reaches it: a worker pushes there what it built and pulls what another one built. Without a password, what `docker login` left counts. Default: each worker builds what its engine lacks.',
    registry,
  ),
  queues: setting('SLUICE_QUEUES', ['default'], 'Queues a worker takes tasks from, comma-separated.', words),
  slots: setting('SLUICE_SLOTS', 4, 'Tasks a worker runs at once.', whole),
  maxSourceBytes: setting(
    'SLUICE_MAX_SOURCE',
    bytes('200m'),
    'Largest source of a revision, packed. What one push or fetch brings, its history included, may be twice that and 64 MiB more.',
    bytes,
  ),
  maxTasks: setting('SLUICE_MAX_TASKS', 20_000, 'Most tasks of one attempt.', whole),
  maxActiveAttempts: setting('SLUICE_MAX_ACTIVE_ATTEMPTS', 100_000, 'Most attempts that run at once.', whole),
  taskMemoryBytes: setting('SLUICE_TASK_MEMORY', bytes('1g'), 'Memory of an attempt’s container.', bytes),
  taskCpus: setting('SLUICE_TASK_CPUS', 2, 'CPUs of an attempt’s container.', fraction),
  taskPids: setting('SLUICE_TASK_PIDS', 512, 'Processes of an attempt’s container.', whole),
  taskTimeMs: setting('SLUICE_TASK_TIME', duration('1d'), 'Longest run of a task.', duration),
  taskLogBytes: setting(
    'SLUICE_TASK_LOG',
    bytes('64m'),
    'Log kept of one run of a task; the rest is cut with a visible marker.',
    bytes,
  ),
  taskGraceMs: setting(
    'SLUICE_TASK_GRACE',
    duration('10s'),
    'Time between TERM and KILL when a task is stopped.',
    duration,
  ),
  drainMs: setting(
    'SLUICE_DRAIN',
    0,
    'How long a worker that is told to stop waits for the tasks that it runs. What then still runs is left running, and adopted by the next worker of this home. Default: it is left at once.',
    duration,
  ),
  fenceMs: setting(
    'SLUICE_FENCE',
    duration('5m'),
    'Time after which a worker that lost the database stops what may be started elsewhere.',
    duration,
  ),
  webDrainMs: setting(
    'SLUICE_WEB_DRAIN',
    0,
    'Time that a web which is told to stop goes on for: /readyz says no at once, 5 s later it takes no new requests, and those that run (a push) may end. For webs behind a proxy. Default: 0s, which leaves 3 s to those that run.',
    duration,
  ),
  orphanMs: setting(
    'SLUICE_ORPHAN',
    duration('15m'),
    'Time after which a container that no worker looks after stops its tasks and exits.',
    duration,
  ),
} as const satisfies Record<string, Setting<unknown>>

/** What people of this host type. A server that listens everywhere is named by the loopback address. */
export function addressOf({ host, port }: Listen): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** The environment whose schedules start switched off, if this is one: a copy of production must not send its mails and bills again. */
export const quietEnvironment = ({ environment }: Pick<Config, 'environment'>): string | null =>
  environment === 'production' ? null : environment

type ValueOf<S> = S extends Setting<infer T> ? T : never
export type Config = { readonly [Field in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[Field]> }

/** Reads all settings at once. Throws one Refusal that names every one that is wrong. An empty variable is an unset one. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems = findUnknown(env)
  const entries = Object.entries(SETTINGS).map(([field, it]) => [field, read(it, env[it.name], problems)])
  const [first] = problems
  if (first === undefined) return Object.fromEntries(entries) as Config // one entry a setting, read by its own parse
  throw new Refusal('invalid', problems.map(({ message }) => message).join('\n'), first.hint)
}

type Problem = { readonly message: string; readonly hint: string }

function read(it: Setting<unknown>, raw: string | undefined, problems: Problem[]): unknown {
  if (raw === undefined || raw === '') return it.unset
  try {
    return it.parse(raw)
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    const shown = isSecret(it.name, raw) ? 'set to something' : `“${raw}”`
    problems.push({ message: `${it.name} is ${shown}, ${error.message}.`, hint: `Correct or unset it. ${it.purpose}` })
    return it.unset
  }
}

/** Not to be seen on a terminal or in a log: keys, passwords, and addresses with a password. */
const isSecret = (name: string, raw: string): boolean => /(KEY|PASSWORD)$/.test(name) || raw.includes('@')

/** Kubernetes gives a service named sluice these; `SLUICE_RUN` is what a task of ours has. */
const NOT_OURS = /^SLUICE_(PORT|SERVICE_|RUN$)/

/** Of haproxy/start, which reads them: where all share one .env, it is here that a wrong name is found. */
export const PROXY_SETTINGS: readonly string[] = [
  ...['WEBS', 'LISTEN', 'DNS', 'CERTS', 'MAPS', 'STATS_PASSWORD'],
  ...['8080', '8081', '8082', '8083', '8404', '8443', '9090', '65432'],
  ...['CONNECTIONS', 'ADDRESS_CONNECTIONS', 'HOOK_RATE', 'SIGN_IN_RATE'],
].map((name) => `SLUICE_PROXY_${name}`)

function findUnknown(env: Readonly<Record<string, string | undefined>>): Problem[] {
  const known = [...Object.values(SETTINGS).map(({ name }) => name), ...PROXY_SETTINGS]
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('SLUICE_') && !known.includes(name) && !NOT_OURS.test(name),
  )
  return unknown.map((name) => {
    const close = known.map((one) => ({ one, edits: countEdits(one, name) })).sort((a, b) => a.edits - b.edits)[0]
    const guess = close !== undefined && close.edits <= 4 ? `Did you mean ${close.one}? ` : ''
    return {
      message: `${name} is set, and no setting has this name.`,
      hint: `${guess}Correct or unset it. All settings are listed in docs/settings.md.`,
    }
  })
}

/** Levenshtein's distance. */
function countEdits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (const [i, char] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (char === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
