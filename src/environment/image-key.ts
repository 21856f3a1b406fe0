import { createHash } from 'node:crypto'
import type { Plan } from './plan.ts'

/** Raise it when the same plan would make another image than before. */
const BUILDER = 1

/**
 * 64 hex digits: the same for two revisions exactly when one image serves both. `bases` are the ids of the images it starts from, where a worker has told them;
 * code and `.dig` files are no part of it.
 */
export function imageKey(plan: Plan, bases: ReadonlyMap<string, string>): string {
  const starts = listBases(plan).map((name) => [name, bases.get(name) ?? null])
  const depends =
    plan.kind === 'dockerfile'
      ? [plan.path, Object.entries(plan.args).sort(), plan.filesDigest]
      : [plan.dockerfile, plan.supports, plan.filesDigest]
  return createHash('sha256')
    .update(JSON.stringify([BUILDER, plan.kind, starts, depends]))
    .digest('hex')
}

/** Names of the images that a plan starts from. */
export function listBases(plan: Plan): readonly string[] {
  return plan.kind === 'dockerfile' ? plan.from : [plan.base]
}

/** `sluice/weather:1f0c…`: the image's name on an engine, and how it is known again there. */
export function imageTag(projectName: string, key: string): string {
  const name = projectName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 100)
    .replaceAll(/^-|-$/g, '')
  return `sluice/${name === '' ? 'project' : name}:${key.slice(0, 12)}`
}
