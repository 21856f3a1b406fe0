import { createHash } from 'node:crypto'
import { readTemplates } from '../../src/docker/templates.ts'
import { type PlanInput, type Planned, planEnvironment } from '../../src/environment/plan.ts'

const templates = await readTemplates()

/** Files as git knows them. */
export const treeOf = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([path, text]) => ({
    path,
    mode: '100644',
    bytes: Buffer.byteLength(text),
    object: createHash('sha1').update(text).digest('hex'),
  }))

/** Plans as the caller does: loads what is needed until it is planned. */
export function planOf(
  files: Readonly<Record<string, string>>,
  builder: PlanInput['builder'] = {},
): Exclude<Planned, { kind: 'needs' }> {
  const texts = new Map<string, string>()
  for (;;) {
    const planned = planEnvironment({ tree: treeOf(files), texts, builder, baseImage: 'sluice/base', templates })
    if (planned.kind !== 'needs') return planned
    for (const path of planned.paths) texts.set(path, files[path] ?? '')
  }
}
