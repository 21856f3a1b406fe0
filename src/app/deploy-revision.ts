import type { RevisionId } from '../brand.ts'
import { getDelivery, getUpload, settleDeliveryIfReceived } from '../db/deliveries.ts'
import { type Deploy, type DeployEnd, findDeploy, finishDeployIfHeld, takeOverDeploy } from '../db/deploys.ts'
import { closeLog } from '../db/logs.ts'
import { getProject } from '../db/projects.ts'
import { deleteSourceIfUnneeded } from '../db/sources.ts'
import { isDatabaseAway, isDatabaseFull, isQuietlyAway, type Sql } from '../db/sql.ts'
import { Refusal } from '../refusal.ts'
import { awaitImage } from './await-image.ts'
import { beginDeploy, type Work } from './begin-deploy.ts'
import { type CheckedRevision, checkRevision } from './check-revision.ts'
import { detail, refusalLines } from './deploy-lines.ts'
import type { DeployPorts } from './deploy-ports.ts'
import { holdDeploy, LostDeploy } from './hold-deploy.ts'
import { releaseRevision } from './release-revision.ts'
import { settleDeploy } from './settle-deploy.ts'
import type { Stop } from './stop-deploy.ts'
import { openTelling, type Telling } from './tell-deploy.ts'
import { waitFor } from './wait-for.ts'

export type Deployed = {
  readonly state: DeployEnd
  /** Null: it is not live. */
  readonly revisionId: RevisionId | null
  /** Why it is not live, where it was this process that found it. */
  readonly refusal: Refusal | undefined
  /** Moves the branch if nobody has, and lets the next deploy of it begin. Call it when git has had its chance. */
  settle(): Promise<void>
}

/**
 * The one way from a delivery to a revision: turn, check, image, release. `hear` is told every line, and so is the deploy's log.
 * Never throws: the state in the database is the outcome, and where the database is away it is waited for, because a pusher must not hear "refused" of what is live.
 */
export async function deployRevision(
  ports: DeployPorts,
  deploy: Deploy,
  hear: (line: string) => void,
  whenFull: WhenFull = 'fail',
): Promise<Deployed> {
  const { held, letGo, stop } = await walkToEnd(ports, deploy, { hear, whenFull })
  const ended = await outcome(ports, deploy)
  return {
    state: ended.state as DeployEnd, // it is finished
    revisionId: ended.revisionId,
    refusal: stop?.refusal,
    settle: async () => {
      if (ended.state === 'live') await settleDeploy(ports, { ...ended, epoch: held.epoch })
      letGo()
    },
  }
}

/** What a deploy does that finds the database full. A pusher is told, and pushes again; nobody sends a webhook again. */
type WhenFull = 'fail' | 'wait'
type Hearing = { readonly hear: (line: string) => void; readonly whenFull: WhenFull }

/** However often the database goes away meanwhile: each time it begins again, as another server would begin. Gives the claim it ended with. */
async function walkToEnd(ports: DeployPorts, deploy: Deploy, { hear, whenFull }: Hearing) {
  for (let held = deploy; ; ) {
    const letGo = holdDeploy(ports, held)
    const telling = openTelling(ports.sql, deploy.logId, hear, ports.now)
    if (held !== deploy) telling.tell(detail(BEGINS_AGAIN))
    const { stop, again } = await walk(ports, held, telling).then(
      (stop): Walked => ({ stop }),
      (error: unknown) => recover(ports, held, { ...telling, whenFull }, error),
    )
    if (again === undefined || again.state === 'live') return { held: again ?? held, letGo, stop }
    letGo()
    held = again
  }
}

const BEGINS_AGAIN = 'The database was away, or had no room: this deploy begins again'

/** `again`: what to go on with; absent: it has ended, or is somebody else's by now. */
type Walked = { readonly stop?: Stop | undefined; readonly again?: Deploy | undefined }

/**
 * A database that is full answers, so the deploy would begin again at once, and again: each time it would write more.
 */
async function recover(
  ports: DeployPorts,
  held: Deploy,
  telling: Telling & Pick<Hearing, 'whenFull'>,
  error: unknown,
): Promise<Walked> {
  const isRefused = isDatabaseFull(error) && !(await insist(ports, () => isFinished(ports, held)))
  if (!isDatabaseAway(error) || (isRefused && telling.whenFull === 'fail')) {
    return { stop: await fail(ports, held, telling, error) }
  }
  if (isRefused) {
    ports.onBug(error) // it is told in a sentence
    await pause(ROOM_MS)
  }
  return { again: await insist(ports, () => takeOverDeploy(ports.sql, held, ports.holder)) }
}

const isFinished = async ({ sql }: DeployPorts, { id }: Deploy) => (await findDeploy(sql, id))?.finishedAt != null

/** For deploys that nobody waits for: webhooks, and what another server left behind. */
export async function deployUnwatched(ports: DeployPorts, deploy: Deploy): Promise<void> {
  const deployed = await deployRevision(ports, deploy, () => {}, 'wait')
  await deployed.settle()
}

/** If the process dies on any line of it, another one begins again at the state the row is in; what was done is found done. */
async function walk(ports: DeployPorts, deploy: Deploy, telling: Telling): Promise<Stop | undefined> {
  const project = await getProject(ports.sql, deploy.projectId)
  const { kind, pushedBy } = await getDelivery(ports.sql, deploy.deliveryId)
  const work: Work = { ports, deploy, project, kind, pushedBy: pushedBy ?? kind, tell: telling.tell }
  const stop = await takeSteps(work)
  await telling.written()
  if (stop !== undefined) await endWith(ports, deploy, stop)
  await closeLog(ports.sql, deploy.logId, ports.now())
  return stop
}

async function takeSteps(work: Work): Promise<Stop | undefined> {
  const checked = await openAndCheck(work)
  if ('stop' in checked) return checked
  const image = await awaitImage(work, checked)
  if ('stop' in image) return image
  return releaseRevision(work, checked, image.imageKey)
}

/** What was pushed is held no longer than this: an image may take its time. */
async function openAndCheck(work: Work): Promise<CheckedRevision | Stop> {
  const pushed = await beginDeploy(work)
  return 'stop' in pushed ? pushed : checkRevision(work, pushed).finally(pushed.close)
}

async function endWith(
  { sql, now }: DeployPorts,
  deploy: Deploy,
  { stop, problem }: Omit<Stop, 'refusal'>,
): Promise<void> {
  const reason = { state: stop === 'replaced' ? 'ignored' : stop, reason: problem } as const
  await sql.begin(async (tx) => {
    if (!(await finishDeployIfHeld(tx, deploy, { state: stop, problem }, now()))) throw new LostDeploy()
    await settleDeliveryIfReceived(tx, deploy.deliveryId, reason, now())
    if (deploy.branch === null) await forgetArchive(tx, deploy)
  })
}

/** Nobody deploys it again; it stays if somebody has brought the same bytes since. */
async function forgetArchive(tx: Sql, { deliveryId }: Deploy) {
  const { sourceDigest } = await getUpload(tx, deliveryId)
  const { receivedAt } = await getDelivery(tx, deliveryId)
  await deleteSourceIfUnneeded(tx, sourceDigest, new Date(receivedAt.getTime() + 1))
}

const BUG = 'Sluice failed while it deployed this'
const SHOW = 'Push again; if that fails too, show the operator this deploy'
export const DATABASE_FULL = [
  'The database has no room to write, so nothing was deployed',
  'Push again when its operator has made some',
] as const

async function fail(ports: DeployPorts, deploy: Deploy, { tell }: Telling, error: unknown): Promise<Stop | undefined> {
  if (error instanceof LostDeploy) {
    tell(detail('Another server goes on with this deploy'))
    return undefined
  }
  ports.onBug(error)
  const [problem, hint] = isDatabaseFull(error) ? DATABASE_FULL : [BUG, SHOW]
  for (const line of refusalLines(problem === BUG ? `${BUG}; its operator was told` : problem, hint)) tell(line)
  const stop: Stop = { stop: 'failed', problem, refusal: new Refusal('unavailable', problem, hint) }
  await insist(ports, async () => {
    await endWith(ports, deploy, stop).catch(ignoreLost)
    return true
  })
  return stop
}

function ignoreLost(error: unknown) {
  if (!(error instanceof LostDeploy)) throw error
}

/** How it ended, by whoever ended it. */
async function outcome(ports: DeployPorts, { id }: Deploy): Promise<Deploy> {
  const { sql, hints } = ports
  return insist(ports, () =>
    waitFor(hints, [`deploy:${id}`], 2000, async () => {
      const deploy = await findDeploy(sql, id)
      return deploy?.finishedAt == null ? undefined : deploy
    }),
  )
}

const AGAIN_MS = 1000
/** Between two looks whether there is room by now. */
const ROOM_MS = 5000
const AGAIN_AT_MOST_MS = 60_000

/** Until it is done. While the database is away that is all one can do; anything else is a bug, told each time, ever more seldom. */
async function insist<Done>({ onBug }: DeployPorts, act: () => Promise<Done>): Promise<Done> {
  for (let pauseMs = AGAIN_MS; ; ) {
    try {
      return await act()
    } catch (error) {
      const isAway = isDatabaseAway(error)
      if (!isQuietlyAway(error)) onBug(error)
      await pause(pauseMs)
      pauseMs = isAway ? AGAIN_MS : Math.min(pauseMs * 2, AGAIN_AT_MOST_MS)
    }
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref())
