import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { vi } from 'vitest'

const hasEngine = process.platform === 'linux' && spawnSync('dockerd', ['--version']).status === 0

/** Why no test can have an engine of its own here; undefined: it can. */
export const noOwnEngine =
  process.getuid?.() !== 0 ? 'it needs root' : hasEngine ? undefined : 'it needs dockerd on Linux'

export type OwnEngine = {
  readonly docker: Docker
  /** For DOCKER_HOST. */
  readonly host: string
  /** Where it keeps images and containers. */
  readonly data: string
  /** Where its builds reach this machine. */
  readonly gateway: string
  /** Copies an image of the machine's engine into it. */
  load(image: string): Promise<void>
  /** As a crash does: what runs in its containers runs on. */
  kill9(): Promise<void>
  /** As `systemctl stop` does: it ends what runs in its containers first. */
  terminate(): Promise<void>
  /** After `kill9` or `terminate`. With `liveRestore` it takes up what ran in its containers, without it ends them: as engines do. */
  restart(options?: { liveRestore: boolean }): Promise<void>
  /** SIGSTOP and SIGCONT: it takes connections and answers nothing. */
  freeze(): void
  thaw(): void
  /** Ends it and everything that it ran, and takes away what it made. */
  stop(): Promise<void>
}

/** Far more than it takes: the machine may be busy with other things. */
const READY_WITHIN_MS = 60_000
/** The network of tasks, as the executor would make it, but not with the interface that the machine's engine has for its own. */
const NETWORK = 'sluice-tasks'

/**
 * `dataMiB`: of a disk of its own for images and containers; left out, it is the machine's.
 * A second Docker engine with everything of its own: data, state, socket, containerd, bridges. It leaves the machine's firewall alone, so its containers reach
 * nothing but this machine. Never `--bridge=none`: an engine takes that for leave to delete docker0, which is the machine's engine's.
 */
export async function startEngine({ dataMiB }: { dataMiB?: number } = {}): Promise<OwnEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-engine-'))
  const [socket, data] = [join(folder, 'docker.sock'), join(folder, 'data')]
  await mkdir(data)
  if (dataMiB !== undefined) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${dataMiB}m,mode=0711`, 'tmpfs', data])
  const { address: gateway, bridge } = makeAddress()
  const words = [
    ...['--data-root', data, '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
    ...[
      '--host',
      `unix://${socket}`,
      `--bridge=${bridge}`,
      '--iptables=false',
      '--ip6tables=false',
      '--ip-forward=false',
    ],
  ]
  const docker = new Docker({ socketPath: socket })
  const log = join(folder, 'log')
  let child = await launch(words, docker, log)
  await makeNetwork(docker)
  return {
    docker,
    host: `unix://${socket}`,
    data,
    gateway,
    load: async (image) => {
      const loading = await docker.loadImage(await new Docker().getImage(image).get())
      for await (const _ of loading);
    },
    kill9: async () => {
      await end(child, 'SIGKILL')
      await forgetContainerd(join(folder, 'exec/containerd/containerd.pid'))
    },
    terminate: () => end(child, 'SIGTERM'),
    restart: async ({ liveRestore } = { liveRestore: false }) => {
      child = await launch([...words, ...(liveRestore ? ['--live-restore'] : [])], docker, log)
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: async () => {
      child.kill('SIGCONT')
      if (!(await answers(docker))) child = await launch(words, docker, log) // it alone can remove what it made
      await removeAll(docker)
      await end(child, 'SIGTERM')
      await endStrays(folder)
      unmountUnder(folder)
      execFileSync('ip', ['link', 'delete', bridge])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function launch(words: readonly string[], docker: Docker, log: string): Promise<ChildProcess> {
  const file = await open(log, 'a')
  const child = spawn('dockerd', words, { stdio: ['ignore', file.fd, file.fd] })
  await file.close()
  try {
    await vi.waitUntil(async () => child.exitCode !== null || (await answers(docker)), {
      timeout: READY_WITHIN_MS,
      interval: 50,
    })
  } catch {
    child.kill('SIGKILL')
  }
  if (child.exitCode !== null || child.killed)
    throw new Error(`The engine did not start:\n${await readFile(log, 'utf8')}`)
  return child
}

const answers = (docker: Docker) =>
  docker.ping().then(
    () => true,
    () => false,
  )

const freshName = () => `sluice${randomBytes(3).toString('hex')}`
const freshNetwork = () => `10.${randomInt(200, 250)}.${randomInt(0, 250)}`

/** An address of this machine that its containers reach too, those of every engine: what a private network is to several hosts. */
export function makeAddress() {
  const bridge = freshName()
  const address = `${freshNetwork()}.1`
  execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge'])
  execFileSync('ip', ['address', 'add', `${address}/24`, 'dev', bridge])
  execFileSync('ip', ['link', 'set', bridge, 'up'])
  return { address, bridge, remove: () => void execFileSync('ip', ['link', 'delete', bridge]) }
}

async function makeNetwork(docker: Docker) {
  await docker.createNetwork({
    Name: NETWORK,
    Driver: 'bridge',
    IPAM: { Config: [{ Subnet: `${freshNetwork()}.0/24` }] },
    Options: { 'com.docker.network.bridge.name': freshName(), 'com.docker.network.bridge.enable_icc': 'false' },
  })
}

async function removeAll(docker: Docker) {
  for (const { Id } of await docker.listContainers({ all: true })) await docker.getContainer(Id).remove({ force: true })
  await docker.getNetwork(NETWORK).remove()
}

async function end(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** It dies with its engine. Where nobody reaps it, the next engine would take it for alive and wait for it in vain. */
async function forgetContainerd(pidFile: string) {
  const pid = (await readFile(pidFile, 'utf8')).trim()
  await vi.waitUntil(async () => !/^State:\s+[^Z]/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')))
  await rm(pidFile)
}

/** Shims that outlived their engine: each names the folder in its arguments. */
async function endStrays(folder: string) {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (args.includes(folder) && Number(pid) !== process.pid) spawnSync('kill', ['-9', pid])
  }
}

function unmountUnder(folder: string) {
  const mounts = execFileSync('cat', ['/proc/mounts'], { encoding: 'utf8' }).split('\n')
  const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(`${folder}/`))
  for (const point of points.reverse()) spawnSync('umount', ['--lazy', point])
}
