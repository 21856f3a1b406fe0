import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { explainMetadata, probeMetadata } from '../../src/docker/metadata.ts'
import {
  getEngine,
  openStage,
  placeOf,
  runOf,
  runToEnd,
  type Stage,
  shell,
  unpackNothing,
} from '../support/executors.ts'

const PORT = 8169
const network = `sluice-t${process.pid}`
const canTry = process.getuid?.() === 0 && has('iptables') && has('ip')

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return true
  } catch {
    return false
  }
}

/** Somebody answers at the metadata address of this machine, as in a cloud. */
describe.runIf(canTry)('the metadata address [needs root, iptables and ip]', () => {
  let stage: Stage
  let server: Server
  let task = 0
  const firewall = (...args: string[]) => execFileSync('scripts/firewall', ['--network', network, ...args]).toString()
  const reach = async () => {
    task += 1
    const script = `timeout 2 bash -c 'echo > /dev/tcp/169.254.169.254/${PORT}' 2>/dev/null && echo reached || echo closed`
    return (await runToEnd(stage.executor, runOf('1', String(task)), shell(script))).output.trim()
  }
  beforeAll(async () => {
    execFileSync('ip', ['address', 'replace', '169.254.169.254/32', 'dev', 'lo'])
    server = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(PORT, '169.254.169.254', resolve))
    stage = await openStage('docker', { network })
    await stage.executor.open(placeOf('1'), unpackNothing)
  })
  afterAll(async () => {
    firewall('--remove')
    server.close()
    execFileSync('ip', ['address', 'delete', '169.254.169.254/32', 'dev', 'lo'])
    await stage.close()
    const { docker } = await getEngine()
    await docker.getNetwork(network).remove()
  })

  it('is open without the firewall, closed with it, and the worker knows which', async () => {
    expect([await reach(), await probeMetadata(network, { host: '169.254.169.254', port: PORT })]).toEqual([
      'reached',
      'open',
    ])
    expect(firewall('10.99.0.0/16')).toBe(`Closed for tasks on ${network}: 169.254.0.0/16 10.99.0.0/16\n`)
    firewall()
    expect([await reach(), await probeMetadata(network, { host: '169.254.169.254', port: PORT })]).toEqual([
      'closed',
      'closed',
    ])
    firewall('--remove')
    firewall('--remove')
    expect([await reach(), await probeMetadata(network, { host: '169.254.169.254', port: PORT })]).toEqual([
      'reached',
      'open',
    ])
  })
})

describe('what is said of the metadata address', () => {
  it('is nothing where nobody answers', async () => {
    expect(await probeMetadata(network, { host: '127.0.0.1', port: 1 })).toBe('absent')
    expect(explainMetadata('absent')).toBeUndefined()
    expect(explainMetadata('closed')).toBeUndefined()
  })

  it('is how to close it', () => {
    expect(explainMetadata('open')).toBe(
      "Tasks can reach 169.254.169.254, where this cloud hands out the machine's credentials. Close it: sudo scripts/firewall",
    )
  })
})
