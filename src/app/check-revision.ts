import type { Commit, Digest } from '../brand.ts'
import { insertSource } from '../db/sources.ts'
import { type Plan, planEnvironment } from '../environment/plan.ts'
import type { Archive, CommitWords, TreeFile } from '../git/repositories.ts'
import { type CheckedProject, checkProject } from '../workflow/check-project.ts'
import { explainProblem } from '../workflow/explain.ts'
import { leadsOut } from '../workflow/inside-path.ts'
import { firstDue } from '../workflow/schedule.ts'
import type { Workflow } from '../workflow/workflow.ts'
import type { Work } from './begin-deploy.ts'
import { count, detail, ignoredLine, refusalLines, short, step, workflowLines, wrong } from './deploy-lines.ts'
import type { Stop } from './deploy-ports.ts'

export type CheckedRevision = {
  readonly commit: Commit
  readonly words: CommitWords
  readonly workflows: readonly Workflow[]
  readonly plan: Plan
  readonly sourceDigest: Digest
}

/** A file that a check wants to read is text that people wrote: no lockfile is larger. */
const MAX_TEXT = 16 * 1024 * 1024
/** How much larger than its archive a source may be: zeros pack a thousandfold. */
const MAX_RATIO = 20

/** Reads the commit from git's own store, checks its workflows, plans its environment and keeps its files. Nothing of it is live yet. */
export async function checkRevision(work: Work, commit: Commit): Promise<CheckedRevision | Stop> {
  const { ports, deploy, project, kind, tell, pushedBy } = work
  const words = await ports.repositories.commit(project.id, commit)
  if (words === undefined) return stop(work, `${deploy.branch} must point at a commit`, 'Push a commit, not a tag')
  tell(step(`Receiving ${project.name} @ ${short(commit)} (pushed by ${pushedBy})`))
  if (kind === 'push') tell(detail(`Ctrl-C stops watching; the deploy goes on: ${ports.url}/deploys/${deploy.id}`))
  const tree = await ports.repositories.tree(project.id, commit)
  const unpacked = tree.reduce((sum, { bytes }) => sum + bytes, 0)
  if (unpacked > ports.maxSourceBytes * MAX_RATIO) return stopTooLarge(work)
  const packing = ports.repositories.archive(project.id, commit, ports.maxSourceBytes)
  const [read, archive] = await Promise.all([readProject(work, tree), packing])
  if ('stop' in read) return read
  if (archive.kind === 'too_large') return stopTooLarge(work)
  const sourceDigest = await keepSource(work, archive)
  return { commit, words, sourceDigest, ...read }
}

async function keepSource({ ports }: Work, { tarGz }: Extract<Archive, { kind: 'packed' }>): Promise<Digest> {
  return ports.sql.begin((tx) => insertSource(tx, tarGz, ports.now()))
}

async function readProject(work: Work, tree: readonly TreeFile[]) {
  const { ports, project, tell } = work
  const texts = new Map<string, string>()
  const now = ports.now()
  const { operators, expressions, baseImage, templates } = ports
  const check = () => checkProject({ tree, texts, operators, expressions, now })
  const checked = await readUntil(work, tree, texts, check)
  if (hasErrors(checked)) return stopUnchecked(work, checked, texts)
  tellChecked(work, checked, texts, now)
  const stray = await findStrayLink(work, tree)
  if (stray !== undefined) return stop(work, stray, 'Put what it leads to into the repository, or remove the link')
  const plan = () => planEnvironment({ tree, texts, builder: project.builder, baseImage, templates })
  const planned = await readUntil(work, tree, texts, plan)
  if (planned.kind === 'refused') return stop(work, planned.message, planned.hint)
  for (const notice of planned.notices) tell(detail(notice))
  return { workflows: checked.workflows, plan: planned.plan }
}

/** No worker unpacks a link that leads out, so that no task would ever start. */
async function findStrayLink({ ports, project }: Work, tree: readonly TreeFile[]): Promise<string | undefined> {
  const links = tree.filter(({ mode, bytes }) => mode === '120000' && bytes <= MAX_TEXT)
  if (links.length === 0) return undefined
  const targets = await ports.repositories.texts(project.id, links)
  const [path, target] = [...targets].find(([path, target]) => leadsOut(path, target)) ?? []
  return path === undefined ? undefined : `The link ${path} leads out of the project, to ${target}`
}

type Checked = Extract<CheckedProject, { kind: 'checked' }>
type Needs = { readonly kind: 'needs'; readonly paths: readonly string[] }

/** Asks again with the files that the answer needed, until it needs no more. */
async function readUntil<Answer extends { kind: string }>(
  { ports, project }: Work,
  tree: readonly TreeFile[],
  texts: Map<string, string>,
  ask: () => Needs | Answer,
): Promise<Answer> {
  const files = new Map(tree.map((file) => [file.path, file]))
  for (;;) {
    const answer = ask()
    if (!isNeeds(answer)) return answer
    const wanted = answer.paths.flatMap((path) => files.get(path) ?? []).filter(({ path }) => !texts.has(path))
    if (wanted.length === 0) throw new Error(`nothing to read any more of ${answer.paths.join(', ')}`)
    const readable = wanted.filter(isReadable)
    const found = await ports.repositories.texts(project.id, readable)
    for (const { path } of wanted) texts.set(path, found.get(path) ?? '')
  }
}

const isNeeds = (answer: { kind: string }): answer is Needs => answer.kind === 'needs'
/** A link's text would be a path, and could be mistaken for content. */
const isReadable = ({ mode, bytes }: TreeFile) => mode.startsWith('100') && bytes <= MAX_TEXT

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

function stopUnchecked({ tell }: Work, { problems }: Checked, texts: ReadonlyMap<string, string>): Stop {
  tell(step('Checking workflows'))
  for (const problem of problems)
    for (const line of explainProblem(problem, texts.get(problem.file))) tell(detail(line))
  const errors = problems.filter(({ severity }) => severity === 'error')
  const first = errors[0]
  tell(wrong(`${count(errors.length, 'problem')} found, so nothing was deployed`))
  tell(wrong('Correct the lines above, commit, and push again'))
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return { stop: 'declined', problem: `${first?.file}:${first?.line}: ${first?.message}${more}` }
}

function stopTooLarge(work: Work): Stop {
  const limit = `${Math.floor(work.ports.maxSourceBytes / 1024 / 1024)} MiB`
  return stop(
    work,
    `The files of this commit are larger than ${limit}, the limit for a revision`,
    'Keep large data out of the repository, or list it as export-ignore in .gitattributes; the operator may raise SLUICE_MAX_SOURCE',
  )
}

export function stop({ tell }: Pick<Work, 'tell'>, problem: string, hint: string): Stop {
  for (const line of refusalLines(problem, hint)) tell(line)
  return { stop: 'declined', problem }
}
