import { mkdir } from 'node:fs/promises'
import type Docker from 'dockerode'
import { certificateEnv } from '../environment/certificate-env.ts'
import { INSIDE } from '../environment/container-spec.ts'
import { CERTIFICATES, taskOwner } from '../spool/attempt-folder.ts'
import type { Executor } from '../spool/executor.ts'
import { installAgent } from '../spool/install-agent.ts'
import { openExecutor } from '../spool/open-executor.ts'
import { openContainers } from './containers.ts'

export type DockerExecutorOptions = {
  readonly docker: Docker
  /** This worker's own folder; the engine must see it under the same path. */
  readonly home: string
  /** Tells this installation's containers from all others on the engine. */
  readonly installation: string
  /** Reaches every task: the proxies. */
  readonly env: Readonly<Record<string, string>>
  readonly orphanMs: number
  /** A PEM file whose certificates tasks trust too. */
  readonly extraCa: string | null
  readonly network?: string
}

/** One container for each attempt, under the hardening baseline of container-spec.ts. */
export async function openDockerExecutor(options: DockerExecutorOptions): Promise<Executor & { leave(): void }> {
  const { docker, home, installation, extraCa, orphanMs, network = 'sluice-tasks' } = options
  await mkdir(home, { recursive: true, mode: 0o711 })
  const agent = await installAgent(home)
  const env = { ...options.env, ...(extraCa === null ? {} : certificateEnv(`${INSIDE.spool}/${CERTIFICATES}`)) }
  const containers = openContainers({ docker, installation, home, agent, owner: taskOwner(), env, orphanMs, network })
  return openExecutor({ home, extraCa }, containers)
}
