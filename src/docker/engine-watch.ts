import type Docker from 'dockerode'
import { Refusal } from '../refusal.ts'
import { asked } from './engine.ts'

const LOOK_MS = 2000
/** A frozen engine takes connections and never answers; one on a busy machine takes its time. */
const PATIENCE_MS = 15_000

/** Asks the engine every two seconds whether it is there, and tells each time: null, or a sentence that says what is wrong. */
export function watchEngine(docker: Docker, tell: (problem: string | null) => void): { close(): Promise<void> } {
  let timer: NodeJS.Timeout
  let isClosed = false
  const look = async () => {
    const problem = await findProblem(docker)
    if (isClosed) return
    tell(problem)
    timer = setTimeout(() => void look(), LOOK_MS)
  }
  timer = setTimeout(() => void look(), LOOK_MS)
  return {
    close: async () => {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

async function findProblem(docker: Docker): Promise<string | null> {
  const ping = docker.ping.bind(docker) as (options: { abortSignal: AbortSignal }) => Promise<unknown> // its type knows no options
  const tooLong = AbortSignal.timeout(PATIENCE_MS)
  try {
    await asked(ping({ abortSignal: tooLong }))
    return null
  } catch (error) {
    if (error instanceof Refusal) return `${error.message} ${error.hint}`
    if (tooLong.aborted)
      return 'Docker takes connections on this machine, but does not answer. Waiting tasks go on by themselves when it does.'
    return `Docker on this machine is not well: ${error instanceof Error ? error.message : String(error)}. Waiting tasks go on by themselves when it is.`
  }
}
