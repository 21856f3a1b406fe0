import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '../brand.ts'
import { detect, listSigns, listUnsupported } from './detect.ts'
import { getTemplate, renderDockerfile, type Templates } from './dockerfile.ts'
import { type Language, listed, type Part } from './part.ts'
import { matchesPath, readIgnore } from './path-pattern.ts'
import { openSourceFiles, type SourceFile, type SourceFiles } from './source-files.ts'
import { readDockerfile } from './user-dockerfile.ts'

/** How the image of a revision is made. Kept with the revision as JSON, so that any worker can make it again. */
export type Plan = RenderedPlan | DockerfilePlan

/** A Dockerfile of ours for what was detected; without parts it is the base image itself. */
export type RenderedPlan = {
  readonly kind: 'rendered'
  readonly base: string
  readonly dockerfile: string
  readonly parts: readonly { readonly language: Language; readonly found: string; readonly copies: readonly string[] }[]
  /** Texts of ours in the build's context, by path. */
  readonly supports: { readonly [path: string]: string }
  /** Over the copied files' paths, modes and bytes. */
  readonly filesDigest: string
}

/** The user's own. */
type DockerfilePlan = {
  readonly kind: 'dockerfile'
  readonly path: string
  readonly args: { readonly [name: string]: string }
  readonly from: readonly string[]
  readonly filesDigest: string
}

export type Planned =
  | { readonly kind: 'needs'; readonly paths: readonly string[] }
  | { readonly kind: 'planned'; readonly plan: Plan; readonly notices: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

export type PlanInput = {
  readonly tree: readonly SourceFile[]
  readonly texts: ReadonlyMap<string, string>
  /** As `builder:set` keeps it. */
  readonly builder: JsonObject
  /** What rendered Dockerfiles start from. */
  readonly baseImage: string
  readonly templates: Templates
}

/** Decides how a project's image is made. Pure: the caller loads the texts named in `needs` and asks again. */
export function planEnvironment(input: PlanInput): Planned {
  const files = openSourceFiles(input.tree, input.texts)
  const planned = plan(input, files)
  return files.missing.size === 0 ? planned : { kind: 'needs', paths: [...files.missing] }
}

function plan(input: PlanInput, files: SourceFiles): Planned {
  const builder = readBuilder(input.builder)
  if (builder.kind === 'none') return planNothing(input, files)
  if (files.has(builder.path)) return planOwn(builder, files)
  if (builder.kind === 'auto' && builder.path === 'Dockerfile') return planDetected(input, files)
  return {
    kind: 'refused',
    message: `The builder is set to ${builder.path}, and the repository has no such file`,
    hint: `Commit ${builder.path}, or set another builder: sluice builder:set PROJECT auto`,
  }
}

type Builder = {
  readonly kind: 'auto' | 'dockerfile' | 'none'
  readonly path: string
  readonly args: Readonly<Record<string, string>>
}

function readBuilder({ kind, path, args }: JsonObject): Builder {
  const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && !Array.isArray(value)
  return {
    kind: kind === 'dockerfile' || kind === 'none' ? kind : 'auto',
    path: typeof path === 'string' ? path : 'Dockerfile',
    args: Object.fromEntries(Object.entries(isObject(args) ? args : {}).map(([name, value]) => [name, String(value)])),
  }
}

function planOwn({ path, args }: Builder, files: SourceFiles): Planned {
  const { from, copies } = readDockerfile(files.read(path))
  const isIgnored = readIgnore(files.read('.dockerignore'))
  const needed = files.tree.filter((file) => isCopied(copies, file.path) && !isIgnored(file.path))
  const own = files.tree.filter((file) => file.path === path || file.path === '.dockerignore')
  const filesDigest = digestFiles([...own, ...withoutWorkflows(needed)])
  const ignored = listSigns(files)
  return {
    kind: 'planned',
    plan: { kind: 'dockerfile', path, args, from, filesDigest },
    notices: ignored.length === 0 ? [] : [`${path} decides alone: ${listed(ignored)} ${are(ignored)} ignored`],
  }
}

function planNothing(input: PlanInput, files: SourceFiles): Planned {
  const ignored = [...(files.has('Dockerfile') ? ['Dockerfile'] : []), ...listSigns(files)]
  const notices = ignored.length === 0 ? [] : [`The builder is set to none: ${listed(ignored)} ${are(ignored)} ignored`]
  return { kind: 'planned', plan: renderPlan(input, [], files), notices }
}

function planDetected(input: PlanInput, files: SourceFiles): Planned {
  const parts = detect(files)
  const unsupported = listUnsupported(files)
  const notices = [
    ...parts.flatMap((part) => part.notices),
    ...(unsupported.length === 0
      ? []
      : [
          `${listed(unsupported)} ${are(unsupported)} ignored: bring a Dockerfile for what ${unsupported.length === 1 ? 'it needs' : 'they need'}`,
        ]),
  ]
  return { kind: 'planned', plan: renderPlan(input, parts, files), notices }
}

const are = (names: readonly string[]) => (names.length === 1 ? 'is' : 'are')

function renderPlan({ baseImage, templates }: PlanInput, parts: readonly Part[], { tree }: SourceFiles): RenderedPlan {
  const copied = tree.filter(({ path }) => parts.some(({ copies }) => isCopied(copies, path)))
  const supports = [...new Set(parts.flatMap((part) => part.supports))]
  return {
    kind: 'rendered',
    base: baseImage,
    dockerfile: renderDockerfile(parts, templates),
    parts: parts.map(({ language, found, copies }) => ({ language, found, copies })),
    supports: Object.fromEntries(supports.map((name) => [`sluice/${name}`, getTemplate(templates, name)])),
    filesDigest: digestFiles(parts.some(({ copies }) => copies.includes('./')) ? withoutWorkflows(copied) : copied),
  }
}

/** Whether a build that names `copies` needs the file. */
export function isCopied(copies: readonly string[], path: string): boolean {
  return copies.some((copy) => matchesPath(copy, path))
}

/** An image never needs them: what runs is in the database, and the revision's files are put beside the image. */
const withoutWorkflows = (tree: readonly SourceFile[]) => tree.filter(({ path }) => !path.endsWith('.dig'))

function digestFiles(tree: readonly SourceFile[]): string {
  const lines = [...new Set(tree.map(({ path, mode, object }) => `${mode} ${object} ${path}\n`))].sort()
  return createHash('sha256').update(lines.join('')).digest('hex')
}

const NAMES = { python: 'Python', node: 'Node', ruby: 'Ruby' } as const

/** One line for people: `Python (requirements.txt) on sluice/base`. */
export function describePlan(plan: Plan): string {
  if (plan.kind === 'dockerfile') return plan.path
  const languages = plan.parts.map(({ language, found }) => `${NAMES[language]} (${found})`)
  return `${languages.length === 0 ? 'plain shell' : listed(languages)} on ${plan.base}`
}
