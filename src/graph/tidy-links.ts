import type { Level, Link } from './graph.ts'

/** Links as they are drawn. From the number of tasks on, places are joints: each stands between many tasks and many others. */
export type Tidy = { readonly links: readonly Link[]; readonly joints: number }

/** Leaves out what follows from other links. Where each of many tasks waits for each of many others, they meet in a joint. */
export function tidyLinks({ tasks, links }: Level): Tidy {
  const onSuccess = withoutDetours(links.filter(({ on }) => on === 'success'))
  const { tied, joints } = tie(onSuccess, tasks.length)
  return { links: [...tied, ...links.filter(({ on }) => on === 'error')], joints }
}

/** Links lead forward, so in the order of where they lead all that is before a task is known when its turn comes. */
function withoutDetours(links: readonly Link[]): readonly Link[] {
  const before = new Map<number, Set<number>>()
  return [...waits(links)]
    .sort(([a], [b]) => a - b)
    .flatMap(([to, froms]) => {
      const further = new Set(froms.flatMap((from) => [...(before.get(from) ?? [])]))
      before.set(to, new Set([...froms, ...further]))
      return froms.filter((from) => !further.has(from)).map((from) => ({ from, to, on: 'success' as const }))
    })
}

/** What each task waits for. */
function waits(links: readonly Link[]): ReadonlyMap<number, readonly number[]> {
  const froms = new Map<number, Set<number>>()
  for (const { from, to } of links) froms.set(to, (froms.get(to) ?? new Set()).add(from))
  return new Map([...froms].map(([to, some]) => [to, [...some].sort((a, b) => a - b)]))
}

function tie(links: readonly Link[], tasks: number): { readonly tied: readonly Link[]; readonly joints: number } {
  const bundles = new Map<string, { readonly froms: readonly number[]; readonly tos: number[] }>()
  for (const [to, froms] of waits(links)) {
    const key = froms.join(' ')
    bundles.set(key, { froms, tos: [...(bundles.get(key)?.tos ?? []), to] })
  }
  let joints = 0
  const tied = [...bundles.values()].flatMap(({ froms, tos }) => {
    if (froms.length < 2 || tos.length < 2) return tos.flatMap((to) => froms.map((from) => link(from, to)))
    const joint = tasks + joints++
    return [...froms.map((from) => link(from, joint)), ...tos.map((to) => link(joint, to))]
  })
  return { tied, joints }
}

const link = (from: number, to: number): Link => ({ from, to, on: 'success' })
