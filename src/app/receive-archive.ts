import type { RevisionId } from '../brand.ts'
import { insertUpload, type Upload } from '../db/deliveries.ts'
import { type Deploy, insertDeploy } from '../db/deploys.ts'
import { insertLog } from '../db/logs.ts'
import { createProject, lockProject } from '../db/projects.ts'
import { hasRevisionNamed } from '../db/revisions.ts'
import { insertSource } from '../db/sources.ts'
import { Refusal } from '../refusal.ts'
import { findLabelFault } from '../workflow/names.ts'
import { refuseNameTaken } from './check-wish.ts'
import type { DeployPorts } from './deploy-ports.ts'
import { deployRevision } from './deploy-revision.ts'
import { isProjectName, refuseProjectName, suggestProjectName } from './project-name.ts'

/** An archive of a project's files, as Digdag's clients send it. */
export type ArchiveReceived = {
  readonly project: string
  readonly upload: Upload
  /** As its sender says. */
  readonly bytes: number
  /** Its tar.gz; called when there is room for it. */
  readonly read: () => Promise<Buffer>
  readonly pushedBy: string
}

/**
 * Deploys an archive and waits until it is live, as the revision that it gives; makes the project if there is none. Throws a Refusal when it does not go live.
 * What cannot be a project is refused before anything is stored.
 */
export async function receiveArchive(ports: DeployPorts, received: ArchiveReceived): Promise<RevisionId> {
  checkNames(received)
  const deploy = await takeIn(ports, received)
  const { revisionId, refusal, settle } = await deployRevision(ports, deploy, () => {})
  await settle()
  if (revisionId === null) throw refusal ?? endedElsewhere(ports, deploy)
  return revisionId
}

/** How long a sender waits for room before it is asked to come again. */
const ROOM_MS = 30_000

/** What a web holds of all archives that it takes in at a time is bounded by `uploads`; what they hold unpacked is looked at and dropped, file by file. */
async function takeIn(ports: DeployPorts, received: ArchiveReceived): Promise<Deploy> {
  const letGo = await ports.uploads.takeWithin(ROOM_MS, 2 * received.bytes) // twice while its pieces are joined
  if (letGo === undefined) throw NO_ROOM
  return readAndStore(ports, received).finally(letGo)
}

const NO_ROOM = new Refusal('unavailable', 'Other archives are being taken in', 'Push again in a moment.')

async function readAndStore(ports: DeployPorts, received: ArchiveReceived): Promise<Deploy> {
  const tarGz = await received.read()
  const archive = await ports.readArchive(tarGz, ports.maxSourceBytes, 'dropped')
  if (archive.kind === 'refused') throw new Refusal('invalid', archive.message, archive.hint)
  return storeDeploy(ports, received, tarGz)
}

function checkNames({ project, upload: { revision } }: ArchiveReceived) {
  if (!isProjectName(project)) throw refuseProjectName(project, `Try ${suggestProjectName(project)}`)
  const fault = findLabelFault('name', revision)
  if (fault !== undefined)
    throw new Refusal('invalid', `Validating revision failed\n${fault}`, 'Give the revision another name.')
}

/** From its commit on the deploy ends one way or the other, whoever dies. */
async function storeDeploy(
  ports: DeployPorts,
  { project, upload, pushedBy }: ArchiveReceived,
  tarGz: Buffer,
): Promise<Deploy> {
  const { sql, holder, now } = ports
  const { id: projectId } = await createProject(sql, project, now())
  return sql.begin(async (tx) => {
    await lockProject(tx, projectId)
    if (await hasRevisionNamed(tx, projectId, upload.revision)) throw refuseNameTaken(projectId, upload.revision)
    const sourceDigest = await insertSource(tx, tarGz, now())
    const deliveryId = await insertUpload(tx, { projectId, pushedBy, sourceDigest, upload }, now())
    const logId = await insertLog(tx)
    const deploy = { projectId, deliveryId, branch: null, oldCommit: null, newCommit: null, logId }
    return insertDeploy(tx, deploy, holder, now())
  })
}

const endedElsewhere = ({ url }: DeployPorts, { id }: Deploy) =>
  new Refusal('conflict', 'Another server ended this deploy, and did not make it live', `See why: ${url}/deploys/${id}`)
