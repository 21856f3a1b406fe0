import type { HeldTask, TaskTotal, WorkerProcess } from '../../db/flower.ts'
import type { ShownWorker } from '../../shown/worker.ts'
import { isoOf, seconds } from './task.ts'

/** All that is known of one worker. */
export type FleetWorker = {
  readonly worker: ShownWorker
  readonly process: WorkerProcess
  readonly totals: readonly TaskTotal[]
  readonly held: readonly HeldTask[]
}

/** What carries wake-ups. Who signs in there is nobody's business. */
export type Broker = {
  readonly transport: string
  readonly hostname: string
  readonly port: number
  readonly path: string
}

export const isHeard = ({ state }: ShownWorker): boolean => state === 'online' || state === 'draining'

/** `/api/workers`: keys in Flower's order. */
export function answerWorker(fleet: FleetWorker, broker: Broker, now: Date) {
  const { worker, held, totals } = fleet
  const running = held.filter(({ state }) => state === 'running')
  return {
    reserved: running.filter(({ hasBegun }) => !hasBegun).map((task) => requestOf(fleet, task)),
    timestamp: seconds(now),
    registered: totals.map(({ task }) => task),
    stats: statsOf(fleet, broker, now),
    active_queues: worker.queues.map(answerQueue),
    scheduled: held
      .filter(({ state }) => state === 'retry_waiting')
      .map((task) => ({ eta: isoOf(task.retryAt), priority: 6, request: requestOf(fleet, task) })),
    active: running.filter(({ hasBegun }) => hasBegun).map((task) => requestOf(fleet, task)),
    revoked: running.filter(({ isCancelRequested }) => isCancelRequested).map(({ uuid }) => uuid),
    conf: confOf(broker),
  }
}

const requestOf = ({ worker, process }: FleetWorker, task: HeldTask) => ({
  id: task.uuid,
  name: task.name,
  args: [],
  kwargs: {},
  type: task.name,
  hostname: worker.name,
  time_start: task.state === 'running' && task.startedAt !== null ? seconds(task.startedAt) : null,
  acknowledged: task.state === 'running',
  delivery_info: { exchange: '', routing_key: task.queue, priority: 0, redelivered: false },
  worker_pid: task.state === 'running' ? process.pid : null,
})

function statsOf({ worker, process, totals }: FleetWorker, broker: Broker, now: Date) {
  return {
    total: Object.fromEntries(totals.map(({ task, started }) => [task, started])),
    pid: process.pid,
    clock: String(process.beats), // a text here, a number in the dashboard's row: so does Flower
    uptime: Math.max(0, Math.round((now.getTime() - worker.startedAt.getTime()) / 1000)),
    pool: poolOf(worker, process),
    broker: brokerOf(broker),
    prefetch_count: worker.slots,
    rusage: rusageOf(process.usage),
  }
}

const poolOf = ({ executor, slots, active }: ShownWorker, { pid, started }: WorkerProcess) => ({
  implementation: `sluice:${executor}`,
  'max-concurrency': slots,
  processes: [pid],
  'max-tasks-per-child': 'N/A',
  'put-guarded-by-semaphore': false,
  timeouts: [0, 0],
  writes: {
    total: started,
    avg: '1.00',
    all: '1.00',
    raw: String(started),
    strategy: 'fair',
    inqueues: { total: slots, active },
  },
})

const brokerOf = ({ transport, hostname, port, path }: Broker) => ({
  hostname,
  userid: null,
  virtual_host: path,
  port,
  insist: false,
  ssl: false,
  transport,
  connect_timeout: 4,
  transport_options: {},
  login_method: null,
  uri_prefix: null,
  heartbeat: 120,
  failover_strategy: 'round-robin',
  credential_provider: null,
})

/** In the units of getrusage: seconds and KiB. */
const rusageOf = (usage: WorkerProcess['usage']) => ({
  utime: (usage.userCPUTime ?? 0) / 1e6,
  stime: (usage.systemCPUTime ?? 0) / 1e6,
  maxrss: usage.maxRSS ?? 0,
  ixrss: usage.sharedMemorySize ?? 0,
  idrss: usage.unsharedDataSize ?? 0,
  isrss: usage.unsharedStackSize ?? 0,
  minflt: usage.minorPageFault ?? 0,
  majflt: usage.majorPageFault ?? 0,
  nswap: usage.swappedOut ?? 0,
  inblock: usage.fsRead ?? 0,
  oublock: usage.fsWrite ?? 0,
  msgsnd: usage.ipcSent ?? 0,
  msgrcv: usage.ipcReceived ?? 0,
  nsignals: usage.signalsCount ?? 0,
  nvcsw: usage.voluntaryContextSwitches ?? 0,
  nivcsw: usage.involuntaryContextSwitches ?? 0,
})

const answerQueue = (name: string) => ({
  name,
  exchange: {
    name,
    type: 'direct',
    arguments: null,
    durable: true,
    passive: false,
    auto_delete: false,
    delivery_mode: null,
    no_declare: false,
  },
  routing_key: name,
  queue_arguments: null,
  binding_arguments: null,
  consumer_arguments: null,
  durable: true,
  exclusive: false,
  auto_delete: false,
  no_ack: false,
  alias: null,
  bindings: [],
  no_declare: null,
  expires: null,
  message_ttl: null,
  max_length: null,
  max_length_bytes: null,
  max_priority: null,
})

function confOf({ transport, hostname, port, path }: Broker) {
  return {
    broker_url: `${transport}://${hostname}:${port}/${path}`,
    result_backend: 'postgres',
    deprecated_settings: null,
    worker_send_task_events: true,
    task_send_sent_event: true,
    task_track_started: true,
    worker_disable_prefetch: false,
    include: ['sluice'],
  }
}

/** Every so often a worker is heard (app/leases.ts). */
const BEAT_SECONDS = 3

/** A row of `/workers?json=1`. */
export function answerDashboardRow({ worker, process }: FleetWorker, system: string) {
  return {
    'worker-heartbeat': process.beats,
    'task-received': process.started,
    'task-started': process.started,
    'task-succeeded': worker.succeeded,
    'task-failed': worker.failed,
    ...(worker.retried > 0 && { 'task-retried': worker.retried }),
    hostname: worker.name,
    pid: process.pid,
    freq: BEAT_SECONDS,
    heartbeats: [seconds(worker.heardAt)],
    clock: process.beats,
    active: worker.active,
    processed: worker.processed,
    loadavg: worker.loadAverage,
    sw_ident: 'sluice',
    sw_ver: worker.version ?? '',
    sw_sys: system,
    status: isHeard(worker),
  }
}
