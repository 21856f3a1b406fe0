import type { Digest } from '../brand.ts'
import { insertSource } from '../db/sources.ts'
import { type Plan, planEnvironment } from '../environment/plan.ts'
import { Refusal } from '../refusal.ts'
import type { CalledFiles } from '../workflow/called-file.ts'
import { checkLinks } from '../workflow/check-links.ts'
import { type CheckedProject, checkProject } from '../workflow/check-project.ts'
import { sayAsDigdag } from '../workflow/digdag-words.ts'
import { explainProblem } from '../workflow/explain.ts'
import { firstDue } from '../workflow/schedule.ts'
import { showControls } from '../workflow/show-controls.ts'
import type { Workflow } from '../workflow/workflow.ts'
import type { Work } from './begin-deploy.ts'
import { checkWish } from './check-wish.ts'
import { count, detail, ignoredLine, short, step, workflowLines, wrong } from './deploy-lines.ts'
import type { Pushed, PushedFile, Words } from './pushed.ts'
import { type Stop, stop } from './stop-deploy.ts'

export type CheckedRevision = {
  readonly words: Words
  readonly workflows: readonly Workflow[]
  readonly called: CalledFiles
  readonly plan: Plan
  readonly sourceDigest: Digest
}

/** A file that a check wants to read is text that people wrote: no lockfile is larger. */
const MAX_TEXT = 16 * 1024 * 1024
/** How much larger than its archive a source may be: zeros pack a thousandfold. */
const MAX_RATIO = 20

/** Checks the workflows of what was pushed, plans its environment and keeps its files. Nothing of it is live yet. */
export async function checkRevision(work: Work, pushed: Pushed): Promise<CheckedRevision | Stop> {
  const { ports, deploy, project, kind, tell, pushedBy } = work
  const { words } = pushed
  const name = words.commit === null ? words.name : short(words.commit)
  tell(step(`Receiving ${project.name} @ ${showControls(name)} (pushed by ${pushedBy})`))
  if (kind === 'push') tell(detail(`Ctrl-C stops watching; the deploy goes on: ${ports.url}/deploys/${deploy.id}`))
  const unpacked = pushed.tree.reduce((sum, { bytes }) => sum + bytes, 0)
  if (unpacked > ports.maxSourceBytes * MAX_RATIO) return stopTooLarge(work)
  const [read, packed] = await Promise.all([readProject(work, pushed), pushed.pack(ports.maxSourceBytes)])
  if ('stop' in read) return read
  if (packed === undefined) return stopTooLarge(work)
  const refused = await checkWish(work, words, read.workflows)
  if (refused !== undefined) return refused
  if (typeof packed === 'string') return { words, sourceDigest: packed, ...read }
  const sourceDigest = await ports.sql.begin((tx) => insertSource(tx, packed, ports.now()))
  return { words, sourceDigest, ...read }
}

async function readProject(work: Work, pushed: Pushed) {
  const { ports, project, tell } = work
  const { tree } = pushed
  const texts = new Map<string, string>()
  const now = ports.now()
  const { operators, expressions, baseImage, templates } = ports
  const check = () => checkProject({ tree, texts, operators, expressions, now })
  const found = await readUntil(pushed, texts, check)
  const checked = { ...found, problems: [...found.problems, ...checkLinks(await readLinks(pushed))] }
  if (hasErrors(checked)) return stopUnchecked(work, checked, texts)
  tellChecked(work, checked, texts, now)
  const plan = () => planEnvironment({ tree, texts, builder: project.builder, baseImage, templates })
  const planned = await readUntil(pushed, texts, plan)
  if (planned.kind === 'refused') return stop(work, planned.message, planned.hint)
  for (const notice of planned.notices) tell(detail(notice))
  return { workflows: checked.workflows, called: checked.called, plan: planned.plan }
}

async function readLinks({ tree, texts }: Pushed): Promise<ReadonlyMap<string, string>> {
  const links = tree.filter(({ mode, bytes }) => mode === '120000' && bytes <= MAX_TEXT)
  return links.length === 0 ? new Map() : texts(links.map(({ path }) => path))
}

type Checked = Extract<CheckedProject, { kind: 'checked' }>
type Needs = { readonly kind: 'needs'; readonly paths: readonly string[] }

/** Asks again with the files that the answer needed, until it needs no more. */
async function readUntil<Answer extends { kind: string }>(
  pushed: Pushed,
  texts: Map<string, string>,
  ask: () => Needs | Answer,
): Promise<Answer> {
  const files = new Map(pushed.tree.map((file) => [file.path, file]))
  for (;;) {
    const answer = ask()
    if (!isNeeds(answer)) return answer
    const wanted = answer.paths.flatMap((path) => files.get(path) ?? []).filter(({ path }) => !texts.has(path))
    if (wanted.length === 0) throw new Error(`nothing to read any more of ${answer.paths.join(', ')}`)
    const found = await pushed.texts(wanted.filter(isReadable).map(({ path }) => path))
    for (const { path } of wanted) texts.set(path, found.get(path) ?? '')
  }
}

const isNeeds = (answer: { kind: string }): answer is Needs => answer.kind === 'needs'
/** A link's text would be a path, and could be mistaken for content. */
const isReadable = ({ mode, bytes }: PushedFile) => mode.startsWith('100') && bytes <= MAX_TEXT

const hasErrors = ({ problems }: Checked) => problems.some(({ severity }) => severity === 'error')

function tellChecked({ tell }: Work, checked: Checked, texts: ReadonlyMap<string, string>, now: Date) {
  const next = ({ schedule }: Workflow) => (schedule === null ? null : firstDue(schedule, now))
  tell(step(`Checking ${count(checked.workflows.length, 'workflow')}`))
  for (const line of workflowLines(checked.workflows, next, now)) tell(line)
  for (const path of checked.ignored) tell(ignoredLine(path))
  for (const problem of checked.problems)
    for (const line of explainProblem(problem, texts.get(problem.file))) tell(detail(line))
  if (checked.workflows.length === 0) tell(wrong('There is no workflow yet: a .dig file at the top is one'))
}

function stopUnchecked({ project, tell }: Work, { problems }: Checked, texts: ReadonlyMap<string, string>): Stop {
  tell(step('Checking workflows'))
  for (const problem of problems)
    for (const line of explainProblem(problem, texts.get(problem.file))) tell(detail(line))
  const errors = problems.filter(({ severity }) => severity === 'error')
  const first = errors[0]
  tell(wrong(`${count(errors.length, 'problem')} found, so nothing was deployed`))
  tell(wrong('Correct the lines above, commit, and push again'))
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const problem = `${first?.file}:${first?.line}: ${first?.message}${more}`
  return { stop: 'declined', problem, refusal: new Refusal('invalid', sayAsDigdag(project.name, errors), problem) }
}

function stopTooLarge(work: Work): Stop {
  const limit = `${Math.floor(work.ports.maxSourceBytes / 1024 / 1024)} MiB`
  return stop(
    work,
    `The files of this commit are larger than ${limit}, the limit for a revision`,
    'Keep large data out of the repository, or list it as export-ignore in .gitattributes; the operator may raise SLUICE_MAX_SOURCE',
  )
}
