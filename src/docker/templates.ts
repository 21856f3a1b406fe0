import { readdir, readFile } from 'node:fs/promises'
import type { Templates } from '../environment/dockerfile.ts'

const FOLDER = new URL('../../templates/dockerfiles/', import.meta.url)

/** What Dockerfiles are rendered from. Read once at start. */
export async function readTemplates(): Promise<Templates> {
  const names = await readdir(FOLDER)
  const texts = names.map(async (name) => [name, await readFile(new URL(name, FOLDER), 'utf8')] as const)
  return new Map(await Promise.all(texts))
}
