import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eventually } from './story.ts'

const IMAGE = 'sluice-test-systemd'
const UNITS = fileURLToPath(new URL('../../templates/systemd', import.meta.url))
const DOCKERFILE = fileURLToPath(new URL('systemd.Dockerfile', import.meta.url))

/** Everything that systemd needs to be the first process of a container, short of `--privileged`. */
const AS_A_HOST = [
  '--cap-add=SYS_ADMIN',
  '--security-opt=seccomp=unconfined',
  '--security-opt=apparmor=unconfined',
  '--tmpfs=/run',
  '--tmpfs=/run/lock',
  '--volume=/sys/fs/cgroup:/sys/fs/cgroup:ro',
  '--env=container=docker',
]

export type SystemdHost = ReturnType<typeof hostOf>

/** A container that runs systemd with our units, none of them enabled. It reaches the stores of the test as its own. */
export async function startSystemdHost(volumes: readonly string[]): Promise<SystemdHost> {
  const name = `${IMAGE}-${randomBytes(4).toString('hex')}`
  const mounts = volumes.map((volume) => `--volume=${volume}`)
  const words = ['run', '--detach', '--name', name, '--network=host', ...AS_A_HOST, ...mounts]
  const host = hostOf(name)
  try {
    execFileSync('docker', [...words, IMAGE, '/lib/systemd/systemd'], { stdio: 'pipe' })
    // Before its first breath it says `offline`, and takes no orders.
    await eventually(async () => !host.isRunning() || /^(running|degraded)$/.test(host.unit('is-system-running')))
    if (!host.isRunning()) throw new Error('systemd ended')
  } catch (error) {
    host.remove()
    throw error
  }
  return host
}

function hostOf(name: string) {
  const docker = (...words: string[]) => spawnSync('docker', words, { encoding: 'utf8' })
  const inside = (...words: string[]) => docker('exec', name, ...words)
  return {
    inside,
    insideAs: (user: string, ...words: string[]) => docker('exec', '--user', user, name, ...words),
    /** What systemctl answers. */
    unit: (...words: string[]) => inside('systemctl', ...words).stdout.trim(),
    journal: (unit: string) => inside('journalctl', `--unit=${unit}`, '--output=cat').stdout,
    isRunning: () => docker('inspect', '--format={{.State.Running}}', name).stdout.trim() === 'true',
    remove: () => void docker('rm', '--force', '--volumes', name),
  }
}

/** Makes the host's image and starts one, to see whether it can be had here. */
export async function findSystemdObstacle(): Promise<string | undefined> {
  const words = ['build', '--quiet', '--tag', IMAGE, '--file', '-', UNITS]
  if (spawnSync('docker', words, { input: readFileSync(DOCKERFILE) }).status !== 0)
    return 'it needs Docker, sluice/base and the Debian archive'
  try {
    const host = await startSystemdHost([])
    host.remove()
    return undefined
  } catch {
    removeSystemdImage()
    return 'systemd does not come up in a container here; it does with CAP_SYS_ADMIN on cgroup v1'
  }
}

export function removeSystemdImage() {
  spawnSync('docker', ['rmi', '--no-prune', IMAGE])
}
