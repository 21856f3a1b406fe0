import type { SortKey, TaskFilter, TaskPage } from '../../db/flower.ts'
import { Refusal } from '../../refusal.ts'
import { parseSearch, type SearchProblem } from './search.ts'

type Query = Readonly<Record<string, string>>

/** More at once is nobody's to read; Flower itself sends all it has. */
const MOST_TASKS = 1_000
const SORT_KEYS: readonly SortKey[] = [
  ...(['name', 'uuid', 'state', 'worker', 'received', 'started', 'runtime', 'retries', 'timestamp'] as const),
]
const sortKeyOf = (text: string) => SORT_KEYS.find((key) => key === text)

/** Parameters of `/api/tasks`. */
export function readTaskQuery(query: Query): { filter: TaskFilter; page: TaskPage } | SearchProblem {
  const { sort_by: sortBy, workername, taskname, state } = query
  const search = parseSearch(query.search ?? '')
  if ('problem' in search) return search
  const filter = {
    worker: wordOr(workername),
    name: wordOr(taskname),
    state: wordOr(state),
    receivedFrom: readMinute(query, 'received_start'),
    receivedTo: readMinute(query, 'received_end'),
    search,
  }
  const sort =
    sortBy === undefined
      ? NEWEST
      : { isDescending: sortBy.startsWith('-'), sortBy: readSortKey(sortBy.replace(/^-/, '')) }
  return {
    filter,
    page: { ...sort, limit: readCount(query, 'limit', MOST_TASKS), offset: readCount(query, 'offset', 0) },
  }
}

const NEWEST = { sortBy: 'timestamp', isDescending: true } as const
const wordOr = (text: string | undefined) => (text === undefined || text === '' || text === 'All' ? null : text)

type TableProblem = SearchProblem & { readonly draw: number }

/** Parameters of `/tasks/datatable`, as DataTables sends them. */
export function readTableQuery(query: Query): { draw: number; filter: TaskFilter; page: TaskPage } | TableProblem {
  const column = query[`columns[${query['order[0][column]'] ?? ''}][data]`]
  const draw = readCount(query, 'draw', 0, Number.MAX_SAFE_INTEGER)
  const read = readTaskQuery({ search: query['search[value]'] ?? '' })
  if ('problem' in read) return { draw, ...read }
  const sort =
    column === undefined
      ? NEWEST
      : {
          sortBy: sortKeyOf(column) ?? NEWEST.sortBy,
          isDescending: query['order[0][dir]'] === 'desc',
        }
  const page = { ...sort, limit: readCount(query, 'length', 10), offset: readCount(query, 'start', 0) }
  return { draw, filter: read.filter, page }
}

function readSortKey(text: string): SortKey {
  const key = sortKeyOf(text)
  if (key !== undefined) return key
  throw new Refusal('invalid', `Cannot sort by '${text}'`, `Sort by one of: ${SORT_KEYS.join(', ')}.`)
}

function readCount(
  query: Query,
  name: string,
  otherwise: number,
  most = name === 'offset' || name === 'start' ? 1e6 : MOST_TASKS,
) {
  const text = query[name]
  if (text === undefined || text === '') return otherwise
  if (/^-1$/.test(text) && name === 'length') return most // DataTables: all
  if (!/^\d{1,15}$/.test(text))
    throw new Refusal('invalid', `${name} is not a number: '${text}'`, 'Send a whole number.')
  return Math.min(Number(text), most)
}

function readMinute(query: Query, name: string): Date | null {
  const text = query[name]
  if (text === undefined || text === '') return null
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)$/.exec(text) ?? []
  const at = new Date(`${day}T${time}:00Z`)
  if (day !== undefined && !Number.isNaN(at.getTime())) return at
  throw new Refusal('invalid', `${name} is not a time: '${text}'`, 'Write it as 2026-03-28 06:14, in UTC.')
}
