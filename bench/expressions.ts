import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import vm from 'node:vm'
import { type Figure, median } from './figures.ts'

// Expressions in one sandbox that is used again and again, beside the same ones in node:vm, which is no sandbox.

/** What was built: `dist/expression/` lies beside `dist/bench/`. */
const built: { openExpressions(): Promise<Expressions> } = await import(
  `${new URL('../expression/sandbox.js', import.meta.url)}`
)
type Expressions = {
  evaluate(codes: readonly string[], scope: { params: Params; nearer: Params }, timezone: string): { ok: boolean }
  close(): void
}
type Params = Readonly<Record<string, unknown>>

const ROUNDS = 500
const YESTERDAY = "moment(session_time).add(-1, 'days').format('YYYY-MM-DD')"
const PARAMS: Params = {
  session_time: '2026-03-28T00:00:00+00:00',
  ...Object.fromEntries(Array.from({ length: 49 }, (_, at) => [`param_${at}`, paramOf(at)])),
}

function paramOf(at: number) {
  if (at % 5 === 0) return { host: `db-${at}`, ports: [5432, 5433], options: { retry: at } }
  return at % 2 === 0 ? at : `value number ${at}`
}

type Evaluate = (codes: readonly string[], params: Params) => unknown
type Case = {
  readonly what: string
  readonly target: number | null
  readonly run: (evaluate: Evaluate, round: number) => void
}

const CASES: readonly Case[] = [
  { what: '${1}, no params', target: null, run: (evaluate) => evaluate(['1'], {}) },
  { what: '${1}, 50 params', target: null, run: (evaluate) => evaluate(['1'], PARAMS) },
  { what: 'yesterday by moment, 50 params', target: 0.3, run: (evaluate) => evaluate([YESTERDAY], PARAMS) },
  {
    what: 'the same, params of another task each time',
    target: null,
    run: (evaluate, round) => evaluate([YESTERDAY], { ...PARAMS, round }),
  },
  { what: 'a text with ten of them', target: null, run: (evaluate) => evaluate(Array(10).fill(YESTERDAY), PARAMS) },
]

export async function measureExpressions(repeats: number): Promise<readonly Figure[]> {
  const expressions = await built.openExpressions()
  const sandbox: Evaluate = (codes, params) => {
    const evaluation = expressions.evaluate(codes, { params, nearer: {} }, 'Asia/Tokyo')
    if (!evaluation.ok) throw new Error(JSON.stringify(evaluation))
  }
  const node = openNode()
  const figures = CASES.map(({ what, target, run }) => {
    const rounds = Array.from({ length: repeats + 1 }, () => [measure(run, sandbox), measure(run, node)] as const)
    const [ms, baseline] = [rounds.slice(1).map(([own]) => own), rounds.slice(1).map(([, other]) => other)] // the first warms up
    return { what, ms, target, baseline }
  })
  expressions.close()
  return figures
}

/** The median of many. */
function measure(run: Case['run'], evaluate: Evaluate): number {
  const ms = Array.from({ length: ROUNDS }, (_, round) => {
    const startedAt = performance.now()
    run(evaluate, round)
    return performance.now() - startedAt
  })
  return median(ms)
}

/** One context with moment; code and params are read anew each time, as texts of different tasks must not see each other's. */
function openNode(): Evaluate {
  const require = createRequire(import.meta.url)
  const context = vm.createContext({})
  vm.runInContext(readFileSync(require.resolve('moment/min/moment.min.js'), 'utf8'), context)
  return (codes, params) => {
    Object.assign(context, { params: JSON.stringify(params) })
    vm.runInContext(
      `(function () { with (this) { return [${codes.map((code) => `(${code})`).join()}] } }).call(JSON.parse(params))`,
      context,
    )
  }
}
