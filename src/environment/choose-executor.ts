export type Surroundings = {
  readonly setting: 'auto' | 'docker' | 'process'
  /** Null: nobody named it, it is somebody's own machine. */
  readonly environment: string | null
  /** Only programs of this host can reach the server. */
  readonly isOnLoopback: boolean
  /** This installation has used a Docker engine before. */
  readonly wasEngineSeen: boolean
  readonly isEngineThere: boolean
}

/** `wait`: tasks wait for an engine, and `why` says so. */
export type ExecutorChoice =
  | { readonly kind: 'docker' }
  | { readonly kind: 'process' }
  | { readonly kind: 'wait'; readonly why: string }

/** Tasks run outside Docker where somebody asked for it, or where this is a first try on one's own machine: never where an engine is only away for the moment. */
export function chooseExecutor(now: Surroundings): ExecutorChoice {
  if (now.setting === 'process') return { kind: 'process' }
  if (now.isEngineThere) return { kind: 'docker' }
  if (now.setting === 'docker') return { kind: 'wait', why: 'SLUICE_EXECUTOR is docker' }
  if (now.wasEngineSeen) return { kind: 'wait', why: 'tasks of this installation have run in Docker before' }
  if ((now.environment ?? 'development') !== 'development')
    return { kind: 'wait', why: `SLUICE_ENVIRONMENT is ${now.environment}` }
  if (!now.isOnLoopback) return { kind: 'wait', why: 'the server can be reached from other hosts' }
  return { kind: 'process' }
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
