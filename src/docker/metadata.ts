import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'

/**
 * Whether tasks can reach the cloud's metadata address, which gives away the machine's own credentials.
 * `unknown`: something answers there, and this process may not read the firewall's rules.
 */
export type Metadata = 'absent' | 'closed' | 'open' | 'unknown'

const ADDRESS = '169.254.169.254'

export async function probeMetadata(
  network = 'sluice-tasks',
  { host, port } = { host: ADDRESS, port: 80 },
): Promise<Metadata> {
  if (!(await answers(host, port))) return 'absent'
  return hasRule(network)
}

/** One sentence for the start and for the doctor; undefined when there is nothing to say. */
export function explainMetadata(metadata: Metadata): string | undefined {
  if (metadata === 'open') {
    return `Tasks can reach ${ADDRESS}, where this cloud hands out the machine's credentials. Close it: sudo scripts/firewall`
  }
  if (metadata === 'unknown') {
    return `${ADDRESS} answers on this machine, and only root can see whether tasks can reach it. Close it: sudo scripts/firewall`
  }
  return undefined
}

async function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 200 })
    const tell = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.on('connect', tell(true)).on('timeout', tell(false)).on('error', tell(false))
  })
}

/** Both hooks of scripts/firewall. */
async function hasRule(network: string): Promise<Metadata> {
  const [bridge, chain] = [network.slice(0, 15), `SLUICE-${network}`.slice(0, 28)]
  try {
    for (const hook of ['DOCKER-USER', 'INPUT']) await run('iptables', ['-w', '-C', hook, '-i', bridge, '-j', chain])
    return 'closed'
  } catch (error) {
    const isDenied = process.getuid?.() !== 0
    if (isDenied || !(error instanceof Error) || !('code' in error) || error.code === 'ENOENT') return 'unknown'
    return 'open'
  }
}

const run = promisify(execFile)
