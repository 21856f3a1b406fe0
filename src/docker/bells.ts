import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import { Refusal } from '../refusal.ts'
import { asked, isStatus } from './engine.ts'

/** Connections to the stdin of waiting containers: one line wakes an agent. Files are the record, so a bell that is lost costs one tick. */
export type Bells = {
  hang(container: string): Promise<void>
  ring(container: string, line: string): Promise<void>
  takeDown(container: string): void
  close(): void
}

export function openBells(docker: Docker): Bells {
  const bells = new Map<string, Duplex>()

  async function hang(name: string): Promise<Duplex> {
    const options = { stream: true, stdin: true, stdout: false, stderr: false, hijack: true }
    const bell = (await asked(docker.getContainer(name).attach(options))) as Duplex // hijacked: both ways
    const forget = () => bells.get(name) === bell && bells.delete(name)
    bell.on('error', forget).on('close', forget).on('end', forget).resume()
    bells.set(name, bell)
    return bell
  }

  return {
    async hang(name) {
      await hang(name)
    },
    async ring(name, line) {
      try {
        const bell = bells.get(name) ?? (await hang(name))
        bell.write(`${line}\n`)
      } catch (error) {
        if (!isLost(error)) throw error
      }
    },
    takeDown(name) {
      bells.get(name)?.destroy()
      bells.delete(name)
    },
    close() {
      for (const bell of bells.values()) bell.destroy()
      bells.clear()
    },
  }
}

/** The container has gone, or the engine has: whoever follows the run finds out. */
const isLost = (error: unknown) => error instanceof Refusal || isStatus(error, 404, 409)
