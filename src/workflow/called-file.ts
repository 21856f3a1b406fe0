import type { JsonObject } from '../brand.ts'
import { storedConfig } from './check-workflow.ts'
import { isChildKey, ROOT_KEYS } from './directives.ts'
import { insidePath } from './inside-path.ts'
import { loadFile } from './load-file.ts'
import { plain } from './located.ts'
import { isJsonObject } from './merge.ts'
import { planTree } from './tree.ts'

/** The file that `call>: NAME` means in a working folder; undefined when it lies outside of the project. */
export function calledPath(folder: string, name: string): string | undefined {
  const path = name.startsWith('/') ? undefined : insidePath(folder === '' ? name : `${folder}/${name}`)
  if (path === undefined) return undefined
  return withEnding(path)
}

export const withEnding = (path: string): string => (path.endsWith('.dig') ? path : `${path}.dig`)

/** The files that a project calls, as they are stored, by path. */
export type CalledFiles = { readonly [path: string]: JsonObject }

export type CalledFile =
  | { readonly ok: true; readonly config: JsonObject }
  | { readonly ok: false; readonly message: string; readonly hint: string }

/** Where Digdag writes the folder in which a task runs: here each worker has another. */
export const WORKSPACE = '<workspace>'

/** Reads the whole of another .dig for `call>`, when the task runs. */
export function readCalled(path: string, readProject: (path: string) => string | undefined): CalledFile {
  if (readProject(path) === undefined)
    return {
      ok: false,
      message: `File not found: ${WORKSPACE}/${path}`,
      hint: 'The path counts from the top of the project, or from _workdir.',
    }
  const { root, problems } = loadFile(path, (one) => {
    const text = readProject(one)
    return text === undefined ? { kind: 'missing' } : { kind: 'text', text }
  })
  const [problem] = problems
  const config = root === null ? null : plain(root)
  if (!isJsonObject(config))
    return {
      ok: false,
      message: `${path}:${problem?.line ?? 1}:${problem?.column ?? 1} ${problem?.message ?? ''}`,
      hint: problem?.hint ?? '',
    }
  return checkConfig(path, config)
}

/** As it runs: a file in a folder works there, and its own `_workdir` counts from its folder. */
export function inItsFolder(path: string, config: JsonObject): JsonObject {
  const folder = path.split('/').slice(0, -1).join('/')
  if (folder === '') return config
  const exports = isJsonObject(config._export) ? config._export : {}
  const _workdir = typeof exports._workdir === 'string' ? `${folder}/${exports._workdir}` : folder
  return { ...config, _export: { ...exports, _workdir } }
}

function checkConfig(path: string, config: JsonObject): CalledFile {
  const name = path.replace(/\.dig$/, '')
  const unknown = Object.keys(config).filter((key) => !isChildKey(key) && !ROOT_KEYS.has(key))
  if (unknown.length > 0) {
    const message = `Workflow '${name}' includes unknown keys: [${unknown.join(', ')}]`
    return { ok: false, message, hint: 'The top of a file has directives and +tasks only.' }
  }
  const tree = planTree(config, `+${name.replace(/^.*\//, '')}`)
  return tree.ok ? { ok: true, config: storedConfig(config) } : { ok: false, message: tree.message, hint: '' }
}
