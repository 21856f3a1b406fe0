import type { ImageRegistry } from '../docker/registry.ts'
import { Refusal } from '../refusal.ts'

/** Gives the digest; null: the registry cannot be used now, which costs no build. */
export async function pushImage(
  registry: ImageRegistry,
  tag: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<string | null> {
  const end = await registry.push(tag, tell, signal).catch((error: unknown) => {
    if (error instanceof Refusal) return { kind: 'unavailable', why: error.message } as const
    throw error
  })
  if (end.kind === 'pushed') return end.digest
  tell(`! The registry ${registry.address} cannot be used: ${end.why}`)
  tell('! The image stays on this worker, whose tasks need nothing else. It is pushed when the registry answers')
  return null
}
