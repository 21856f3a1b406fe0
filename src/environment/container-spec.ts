import type { AttemptId } from '../brand.ts'

export type ContainerNeeds = {
  readonly attemptId: AttemptId
  /** Id or tag. */
  readonly image: string
  readonly installation: string
  /** `uid:gid`, never 0. */
  readonly user: string
  /** Folders and the agent's file, on the engine's machine. */
  readonly workspace: string
  readonly spool: string
  readonly agent: string
  readonly network: string
  readonly isRootReadOnly: boolean
  readonly memoryBytes: number
  readonly cpus: number
  readonly pids: number
  /** Proxies and certificates of this installation; a project's own variables travel with its commands. */
  readonly env: Readonly<Record<string, string>>
  /** Ticks without a worker's heartbeat after which the agent gives up. */
  readonly orphanTicks: number
}

/** Where a task sees its folders. */
export const INSIDE = { workspace: '/workspace', spool: '/spool' } as const

/** The whole of what we ever ask Docker for, built from our own words: a user's options are mapped into `needs`, never merged in here. */
export function containerSpec(needs: ContainerNeeds) {
  return {
    Image: needs.image,
    Entrypoint: ['/bin/sh', '/agent'], // an image's own ENTRYPOINT would swallow it
    Cmd: [INSIDE.spool, String(needs.orphanTicks)],
    StopSignal: 'SIGTERM',
    Healthcheck: { Test: ['NONE'] },
    Env: [
      'HOME=/workspace',
      'TMPDIR=/workspace/.tmp',
      ...Object.entries(needs.env).map(([key, value]) => `${key}=${value}`),
    ],
    WorkingDir: INSIDE.workspace,
    User: needs.user,
    OpenStdin: true, // the bell
    StdinOnce: false, // it must outlive the worker that rings it
    Labels: { 'sluice.installation': needs.installation, 'sluice.attempt': needs.attemptId },
    HostConfig: hostConfig(needs),
  }
}

function hostConfig(needs: ContainerNeeds) {
  return {
    // Docker's binds take no nosuid or nodev: no-new-privileges and the empty set of capabilities stand in.
    Binds: [`${needs.workspace}:${INSIDE.workspace}`, `${needs.spool}:${INSIDE.spool}`, `${needs.agent}:/agent:ro`],
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: needs.isRootReadOnly,
    Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m' },
    NetworkMode: needs.network,
    IpcMode: 'private',
    Init: true, // without it TERM is lost on a shell as process 1, and orphans stay zombies
    Memory: needs.memoryBytes,
    MemorySwap: needs.memoryBytes, // equal: no swap
    NanoCpus: Math.round(needs.cpus * 1e9),
    PidsLimit: needs.pids,
    OomScoreAdj: 100, // the machine's own processes outlive ours
    Ulimits: [
      { Name: 'nofile', Soft: 4096, Hard: 4096 }, // no more than what any engine may hand on
      { Name: 'core', Soft: 0, Hard: 0 },
    ],
    LogConfig: { Type: 'none', Config: {} }, // output goes through the spool, byte for byte
    RestartPolicy: { Name: 'no' },
    AutoRemove: false, // we harvest first
  }
}
