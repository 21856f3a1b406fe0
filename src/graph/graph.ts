/** A workflow before it runs, as people see it: tasks within tasks, and what waits for what. */
export type Graph = {
  readonly root: GraphTask
  /** What runs beside its tasks, if at all. */
  readonly besides: readonly Beside[]
}

/** The root's `_error`, and what `sla:` does. */
export type Beside = { readonly when: 'If it fails' | 'If it is late'; readonly level: Level }

export type GraphTask = {
  /** Unique in its graph: `+daily+load`; what is in a body has the body's key in it: `+daily+load^error`. */
  readonly fullName: string
  /** As written: `+load`, or the key of a body: `_error`. */
  readonly name: string
  readonly operator: { readonly type: string; readonly words: string } | null
  /** What is remarkable about it: `parallel`, `background`. */
  readonly marks: readonly string[]
  /** The siblings that `_after` names. */
  readonly after: readonly string[]
  readonly turn: Turn
  /** What is inside runs once for each of the operator's values. */
  readonly isRepeated: boolean
  /** The workflow of the same project that it waits for. */
  readonly requires: string | null
  readonly inside: Level
}

/** Whether a task gets its turn when all goes well: `_error` and the branches of `if>` do not always, a disabled task never does. */
export type Turn = 'always' | 'maybe' | 'never'

/** Tasks beside each other. A link leads from an earlier place in the list to a later one. */
export type Level = { readonly tasks: readonly GraphTask[]; readonly links: readonly Link[] }
export type Link = { readonly from: number; readonly to: number; readonly on: 'success' | 'error' }

export const EMPTY: Level = { tasks: [], links: [] }

export const countLevel = ({ tasks }: Level): number =>
  tasks.reduce((sum, { inside }) => sum + 1 + countLevel(inside), 0)

/** Of a whole graph, without its root. */
export const countTasks = ({ root, besides }: Graph): number =>
  besides.reduce((sum, { level }) => sum + countLevel(level), countLevel(root.inside))
