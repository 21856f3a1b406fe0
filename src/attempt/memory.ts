import type { JsonObject, TaskId } from '../brand.ts'
import { mergeObjects } from '../workflow/merge.ts'
import type { PlannedTask } from '../workflow/tree.ts'
import { birthStates } from './birth.ts'
import {
  type Decision,
  decide,
  decideCancel,
  type Move,
  type Node,
  type Path,
  type Slice,
  type TaskEvent,
} from './decide.ts'
import type { Plant } from './plants.ts'
import { isOpen, type Task, type TaskError } from './task.ts'

/** A task of an attempt that lives in memory: what `db/` keeps in a row. */
export type MemoryTask = Task & {
  readonly parentId: TaskId | null
  readonly upstreams: readonly TaskId[]
  readonly isInitial: boolean
  readonly isSuperseded: boolean
  readonly store: JsonObject
  readonly exported: JsonObject
  readonly reset: readonly string[]
  readonly error: TaskError | null
  readonly retryAt: Date | null
}

type Growth = {
  readonly parentId: TaskId | null
  readonly tasks: readonly PlannedTask[]
  readonly after: readonly TaskId[]
  readonly isGenerated: boolean
}

/** An attempt folded in memory by the same decisions that the database is written by: for runs without a server, and for tests of the decisions. */
export class MemoryAttempt {
  readonly #tasks = new Map<TaskId, MemoryTask>()
  readonly #maxTasks: number
  #isCanceling = false

  constructor(tree: readonly PlannedTask[], maxTasks = 20_000) {
    this.#maxTasks = maxTasks
    this.#grow({ parentId: null, tasks: tree, after: [], isGenerated: false })
  }

  get tasks(): readonly MemoryTask[] {
    return [...this.#tasks.values()]
  }

  get(id: TaskId): MemoryTask {
    const task = this.#tasks.get(id)
    if (task === undefined) throw new Error(`there is no task ${id}`)
    return task
  }

  get root(): MemoryTask {
    return this.get('1' as TaskId) // ids are given from 1, the root first
  }

  /** Ready, and now running: what a worker's claim does. `retry` and `isRetryable` are known when it is evaluated. */
  begin(id: TaskId, rest: Pick<Task, 'retry' | 'isRetryable'>): void {
    if (this.get(id).state !== 'ready') throw new Error(`task ${id} is not ready`)
    this.#put(id, { state: 'running', ...rest })
  }

  /** Gives what moved. */
  happen(id: TaskId, event: TaskEvent, now: Date): readonly Move[] {
    const moves: Move[] = []
    const pending: { id: TaskId; event: TaskEvent }[] = [{ id, event }]
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const decision = decide(this.#slice(next.id), next.event, now)
      for (const looked of this.#write(decision)) pending.push({ id: looked, event: { kind: 'looked' } })
      for (const move of decision.moves)
        if (move.retryAt !== undefined && move.retryAt <= now) pending.push({ id: move.id, event: { kind: 'due' } })
      moves.push(...decision.moves)
    }
    return moves
  }

  cancel(): readonly Move[] {
    this.#isCanceling = true
    const moves = decideCancel(this.tasks.filter(({ state }) => isOpen(state)))
    for (const move of moves) this.#move(move)
    return moves
  }

  #put(id: TaskId, changed: Partial<MemoryTask>): void {
    this.#tasks.set(id, { ...this.get(id), ...changed })
  }

  #children(id: TaskId): readonly MemoryTask[] {
    return this.tasks.filter(({ parentId }) => parentId === id)
  }

  #slice(id: TaskId): Slice {
    const nodes: Node[] = []
    for (let at: MemoryTask | undefined = this.get(id), below: TaskId | undefined; at !== undefined; ) {
      nodes.push(this.#node(at, below))
      below = at.id
      at = at.parentId === null ? undefined : this.get(at.parentId)
    }
    const heads = this.#children(id).filter(({ state, upstreams }) => state === 'blocked' && upstreams.length === 0)
    const path = nodes as readonly Node[] as Path // begins with the task itself
    return { isCanceling: this.#isCanceling, taskCount: this.#tasks.size, maxTasks: this.#maxTasks, path, heads }
  }

  #node(task: MemoryTask, below: TaskId | undefined): Node {
    const others = this.#children(task.id).filter(({ id }) => id !== below)
    const hasSucceeded = (id: TaskId) => id === task.id || this.get(id).state === 'success'
    const next = this.tasks.filter(
      (one) => one.state === 'blocked' && one.upstreams.includes(task.id) && one.upstreams.every(hasSucceeded),
    )
    return {
      ...task,
      hasOpenChild: others.some(({ state }) => isOpen(state)),
      hasFailedChild: others.some(({ state, isSuperseded }) => !isSuperseded && FAILED.has(state)),
      next,
    }
  }

  /** Gives what is to be looked at. */
  #write(decision: Decision): readonly TaskId[] {
    for (const move of decision.moves) this.#move(move)
    for (const id of decision.delayed) this.#put(id, { isDelayedError: true })
    for (const id of decision.restarts) this.#supersede(id)
    return [...decision.looks, ...decision.copies.filter((id) => !this.#copy(id)), ...this.#plantAll(decision.plants)]
  }

  #move({ id, from, to, ...move }: Move): void {
    if (this.get(id).state !== from) throw new Error(`task ${id} is ${this.get(id).state}, not ${from}`)
    const isResult = from === 'running' || from === 'unknown'
    this.#put(id, {
      state: to,
      retryAt: move.retryAt ?? null,
      ...(move.stateParams === undefined ? {} : { stateParams: move.stateParams }),
      ...(move.isDelayedError === undefined ? {} : { isDelayedError: move.isDelayedError }),
      ...(isResult ? { error: move.error ?? null, hasError: move.error !== undefined } : {}),
      ...(move.result === undefined
        ? {}
        : { store: move.result.store, exported: move.result.export, reset: move.result.reset }),
    })
  }

  #supersede(parentId: TaskId): void {
    for (const { id } of this.#children(parentId)) this.#put(id, { isSuperseded: true })
  }

  /** False: nothing in it is open. */
  #copy(groupId: TaskId): boolean {
    const own = this.#ownTree(groupId)
    const indexes = new Map(own.map(({ id }, index) => [id, index]))
    const indexOf = (id: TaskId | null) => (id === null ? null : (indexes.get(id) ?? null))
    const tasks = own.map(({ parentId, upstreams, ...task }) => ({
      ...task,
      parent: indexOf(parentId),
      upstreams: upstreams.map(indexOf).filter((index) => index !== null),
    }))
    this.#supersede(groupId)
    return this.#grow({ parentId: groupId, tasks, after: [], isGenerated: false }).isOpen
  }

  #ownTree(groupId: TaskId): readonly MemoryTask[] {
    const own = new Set<TaskId>([groupId])
    return this.tasks.filter(({ id, parentId, isInitial, isSuperseded, kind }) => {
      if (parentId === null || !own.has(parentId) || !isInitial || isSuperseded) return false
      if (kind === 'group') own.add(id)
      return true
    })
  }

  /** Gives the parents under which nothing is open. */
  #plantAll(plants: readonly Plant[]): readonly TaskId[] {
    const open = new Set<TaskId>()
    let after: readonly TaskId[] = []
    for (const plant of plants) {
      const tasks = plant.seesFailure ? this.#withLeavings(plant) : plant.tasks
      const { parentId, isAfterSibling } = plant
      const grown = this.#grow({ parentId, tasks, after: isAfterSibling ? after : [], isGenerated: true })
      if (grown.isOpen) open.add(parentId)
      after = grown.isOpen ? grown.rootIds : []
    }
    return plants.map(({ parentId }) => parentId).filter((id) => !open.has(id))
  }

  #withLeavings({ parentId, tasks }: Plant): readonly PlannedTask[] {
    const below = new Set<TaskId>([parentId])
    const left = this.tasks.filter(({ id, parentId: parent, isSuperseded }) => {
      if (parent === null || !below.has(parent) || isSuperseded) return false
      below.add(id)
      return true
    })
    const errors = left.flatMap(({ error, state }) => (error === null || state !== 'error' ? [] : [{ ...error }]))
    const stored = left.reduce<JsonObject>((merged, { store }) => mergeObjects(merged, store), {})
    const error = errors.reduce<JsonObject>(mergeObjects, {})
    const [first, ...rest] = tasks
    return first === undefined
      ? []
      : [{ ...first, exports: { ...mergeObjects(first.exports, stored), error } }, ...rest]
  }

  #grow({ parentId, tasks, after, isGenerated }: Growth): { rootIds: readonly TaskId[]; isOpen: boolean } {
    const base = this.#tasks.size + 1
    const idOf = (index: number) => String(base + index) as TaskId
    const born = birthStates(tasks, new Set())
    tasks.forEach((task, index) => {
      this.#tasks.set(idOf(index), {
        ...NEW,
        ...{ id: idOf(index), kind: task.kind, fullName: task.fullName, config: task.config, exports: task.exports },
        parentId: task.parent === null ? parentId : idOf(task.parent),
        upstreams: [...(index === 0 ? after : []), ...task.upstreams.map(idOf)],
        isInitial: !(isGenerated && task.parent === null),
        state: after.length > 0 ? 'blocked' : (born[index] ?? 'blocked'),
      })
    })
    const rootIds = tasks.flatMap(({ parent }, index) => (parent === null ? [idOf(index)] : []))
    return { rootIds, isOpen: after.length > 0 || rootIds.some((id) => isOpen(this.get(id).state)) }
  }
}

const FAILED: ReadonlySet<string> = new Set(['error', 'group_error', 'canceled'])

const NEW = {
  isDelayedError: false,
  hasError: false,
  stateParams: {},
  retry: null,
  isRetryable: true,
  isSuperseded: false,
  store: {},
  exported: {},
  reset: [],
  error: null,
  retryAt: null,
} as const satisfies Partial<MemoryTask>
