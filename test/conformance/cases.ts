import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

const CASES = fileURLToPath(new URL('cases', import.meta.url))

/** What is done after the first start. */
export type Then =
  | { readonly kill_when: Readonly<Record<string, string>> }
  | { readonly retry: 'resume' | 'all' | { readonly from: string }; readonly name: string }

/** What to do with a project. */
export type Case = {
  readonly name: string
  readonly start?: string
  readonly session?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly executable?: readonly string[]
  readonly then?: readonly Then[]
  /** Seconds, generous. */
  readonly timeout: number
}

export const caseNames = (): readonly string[] => readdirSync(CASES).sort()

export const readCase = (name: string): Case => ({ ...readJson(name, 'case.json'), name })

export const readExpected = (name: string): unknown => readJson(name, 'expected.json')

const readJson = (name: string, file: string) => JSON.parse(readFileSync(join(CASES, name, file), 'utf8'))

/** As Digdag's client packs a project: files only, relative names. */
export async function packProject({ name, executable = [] }: Case): Promise<Buffer> {
  const folder = join(CASES, name, 'project')
  const tar = pack()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name)
    const path = relative(folder, file)
    tar.entry({ name: path, mode: executable.includes(path) ? 0o755 : 0o644 }, readFileSync(file))
  }
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array)) // a tar holds bytes
  return gzipSync(Buffer.concat(chunks))
}
