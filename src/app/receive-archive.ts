import type { ProjectId } from '../brand.ts'
import { insertUpload, type Upload } from '../db/deliveries.ts'
import { type Deploy, insertDeploy } from '../db/deploys.ts'
import { insertLog } from '../db/logs.ts'
import { createProject, lockProject } from '../db/projects.ts'
import { insertSource } from '../db/sources.ts'
import { Refusal } from '../refusal.ts'
import { findLabelFault } from '../workflow/names.ts'
import type { DeployPorts } from './deploy-ports.ts'
import { deployRevision } from './deploy-revision.ts'
import { isProjectName, refuseProjectName, suggestProjectName } from './project-name.ts'

/** An archive of a project's files, as Digdag's clients send it. */
export type ArchiveReceived = {
  readonly project: string
  readonly upload: Upload
  readonly tarGz: Buffer
  readonly pushedBy: string
}

/**
 * Deploys an archive and waits until it is live; makes the project if there is none. Throws a Refusal when it does not go live.
 * What cannot be a project is refused before anything is stored.
 */
export async function receiveArchive(ports: DeployPorts, received: ArchiveReceived): Promise<ProjectId> {
  checkNames(received)
  const archive = await ports.readArchive(received.tarGz, ports.maxSourceBytes)
  if (archive.kind === 'refused') throw new Refusal('invalid', archive.message, archive.hint)
  const deploy = await storeDeploy(ports, received)
  const { state, refusal, settle } = await deployRevision(ports, deploy, () => {})
  await settle()
  if (state !== 'live') throw refusal ?? endedElsewhere(ports, deploy)
  return deploy.projectId
}

function checkNames({ project, upload: { revision } }: ArchiveReceived) {
  if (!isProjectName(project)) throw refuseProjectName(project, `Try ${suggestProjectName(project)}`)
  const fault = findLabelFault('name', revision)
  if (fault !== undefined)
    throw new Refusal('invalid', `Validating revision failed\n${fault}`, 'Give the revision another name.')
}

/** From its commit on the deploy ends one way or the other, whoever dies. */
async function storeDeploy(ports: DeployPorts, { project, upload, tarGz, pushedBy }: ArchiveReceived): Promise<Deploy> {
  const { sql, holder, now } = ports
  const { id: projectId } = await createProject(sql, project, now())
  return sql.begin(async (tx) => {
    const sourceDigest = await insertSource(tx, tarGz, now())
    await lockProject(tx, projectId)
    const deliveryId = await insertUpload(tx, { projectId, pushedBy, sourceDigest, upload }, now())
    const logId = await insertLog(tx)
    const deploy = { projectId, deliveryId, branch: null, oldCommit: null, newCommit: null, logId }
    return insertDeploy(tx, deploy, holder, now())
  })
}

const endedElsewhere = ({ url }: DeployPorts, { id }: Deploy) =>
  new Refusal('conflict', 'Another server ended this deploy, and did not make it live', `See why: ${url}/deploys/${id}`)
