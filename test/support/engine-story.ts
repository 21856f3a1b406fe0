import type { WorkerAnswer } from '../../src/http/api/answers.ts'
import { type OwnEngine, startEngine } from './engine.ts'
import { startServer } from './server.ts'
import { makeProject } from './story.ts'
import { makeTinyImage } from './tiny-image.ts'

type Settings = { readonly env?: Readonly<Record<string, string>>; readonly dataMiB?: number }

/** A server that runs tasks on an engine of its own, which may be taken from it, and a project there that starts from the engine's tiny image. Nothing is pushed yet. */
export async function openEngineStory(files: Readonly<Record<string, string>>, { env, dataMiB }: Settings = {}) {
  const tiny = await makeTinyImage()
  const closing: (() => Promise<unknown>)[] = [() => tiny.remove()]
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one()
  }
  try {
    const engine: OwnEngine = await startEngine(dataMiB === undefined ? {} : { dataMiB })
    closing.push(() => engine.stop())
    await engine.load(tiny.name)
    const docker = { DOCKER_HOST: engine.host, SLUICE_EXECUTOR: 'docker', SLUICE_BASE_IMAGE: tiny.name }
    const server = await startServer({ env: { ...docker, ...env } })
    closing.push(() => server.stop())
    const project = await makeProject(server, files)
    /** What keeps its worker from taking new work. */
    const problem = async () => (await server.api<{ workers: WorkerAnswer[] }>('/api/workers')).workers[0]?.problem
    return { tiny, engine, server, project, problem, close }
  } catch (error) {
    await close()
    throw error
  }
}

export type EngineStory = Awaited<ReturnType<typeof openEngineStory>>
