import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'
import { type Figure, median } from './figures.ts'
import { openChecker } from './open-checker.ts'
import { sampleProject } from './sample-project.ts'

const WARM_UP = 20
const CHECKS = 10
const MAX_MB = 100

/** What a push waits for while its workflows are checked, beside the YAML parser alone on the same texts. */
export async function measureChecks(repeats: number): Promise<readonly Figure[]> {
  const checker = await openChecker()
  const figures = [
    { what: 'check of 1,000 tasks in 20 workflows', texts: sampleProject(20, 50), target: 100 },
    { what: 'check of 1,000 tasks in one workflow', texts: sampleProject(1, 1000), target: null },
  ].map(({ what, texts, target }) => {
    const check = () => checker.check(texts)
    const read = () => [...texts.values()].map((text) => load(text))
    for (let n = 0; n < WARM_UP; n += 1) [check(), read()]
    const rounds = Array.from({ length: repeats }, () => ({ ms: medianOf(check), baseline: medianOf(read) }))
    return { what, target, ms: rounds.map(({ ms }) => ms), baseline: rounds.map(({ baseline }) => baseline) }
  })
  checker.close()
  return figures
}

function medianOf(act: () => unknown): number {
  return median(
    Array.from({ length: CHECKS }, () => {
      const begun = performance.now()
      act()
      return performance.now() - begun
    }),
  )
}

/** Each time in a process of its own, so that nothing else counts. */
export function measureHeld(repeats: number, tasksEach: number): string {
  const script = fileURLToPath(new URL('held-projects.js', import.meta.url))
  const held = Array.from({ length: repeats }, () =>
    Number(execFileSync(process.execPath, ['--expose-gc', script, String(tasksEach)], { encoding: 'utf8' })),
  )
  const [min, middle, max] = [Math.min(...held), median(held), Math.max(...held)].map((mb) => `${mb.toFixed(1)} MB`)
  const verdict = median(held) <= MAX_MB ? 'met' : 'MISSED'
  return `500 projects of 20 workflows of ${tasksEach} tasks in memory: min ${min}, median ${middle}, max ${max} (<= ${MAX_MB} MB: ${verdict})`
}
