import type Docker from 'dockerode'
import { Refusal } from '../refusal.ts'
import { asked, isStatus } from './engine.ts'

/** Idempotent: one bridge for all tasks of this machine, whose containers cannot reach each other. Its interface has the network's name, so that a firewall can name it. */
export async function requireNetwork(docker: Docker, name: string): Promise<void> {
  if (await hasNetwork(docker, name)) return
  try {
    await asked(docker.createNetwork(networkSpec(name)))
  } catch (error) {
    if (!isStatus(error, 409) || !(await hasNetwork(docker, name))) throw error // somebody was first
  }
}

function networkSpec(name: string) {
  return {
    Name: name,
    Driver: 'bridge',
    CheckDuplicate: true,
    Options: {
      'com.docker.network.bridge.name': name.slice(0, 15), // longer names cannot be interfaces
      'com.docker.network.bridge.enable_icc': 'false',
    },
    Labels: { 'sluice.network': name },
  }
}

async function hasNetwork(docker: Docker, name: string): Promise<boolean> {
  try {
    const { Options } = await asked(docker.getNetwork(name).inspect())
    if (Options?.['com.docker.network.bridge.enable_icc'] === 'false') return true
  } catch (error) {
    if (isStatus(error, 404)) return false
    throw error
  }
  throw new Refusal(
    'conflict',
    `The Docker network ${name} exists, but lets containers reach each other.`,
    `Remove it (docker network rm ${name}); Sluice makes it anew.`,
  )
}
