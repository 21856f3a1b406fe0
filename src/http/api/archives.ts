import { type Context, Hono } from 'hono'
import { getProjectAt } from '../../db/api/projects.ts'
import { findArchive } from '../../db/api/revisions.ts'
import type { Upload } from '../../db/deliveries.ts'
import { sourceBytes, streamSource } from '../../db/sources.ts'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import { readBytes } from '../read-body.ts'
import { answerPushedProject } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { getProject, missing } from './query.ts'
import { checkFarBack, parseTime } from './times.ts'

type Ports = Pick<ApiPorts, 'sql' | 'now' | 'receiveArchive' | 'maxArchiveBytes'>

/** `PUT /api/projects` deploys an archive, `GET /api/projects/{project}/archive` gives a revision's: how Digdag's client pushes and downloads. */
export function archiveRoutes({ sql, now, receiveArchive, maxArchiveBytes }: Ports) {
  return new Hono<Env>()
    .put('/', async (c) => {
      const { project, upload } = readWish(c, now())
      const bytes = readLength(c, maxArchiveBytes)
      const read = () => readArchiveBody(c, bytes)
      const revisionId = await receiveArchive({ project, upload, bytes, read, pushedBy: c.get('user').name })
      return c.json(answerPushedProject(await getProjectAt(sql, revisionId)))
    })
    .get('/:project/archive', async (c) => {
      const project = await getProject(sql, c.req.param('project'))
      const revision = c.req.query('revision')
      const digest = await findArchive(sql, project.id, revision)
      if (digest === undefined)
        throw missing(`revision name=${revision ?? ''} in project id=${project.id}`, `sluice revisions ${project.name}`)
      const length = String(await sourceBytes(sql, digest))
      const body = ReadableStream.from(streamSource(sql, digest))
      return c.body(body, 200, { 'content-type': TYPE, 'content-length': length })
    })
}

const TYPE = 'application/gzip'

function readWish(c: Context, now: Date): { project: string; upload: Upload } {
  const clear = c.req.query('clear_schedule_all') === 'true' ? 'all' : (c.req.queries('clear_schedule') ?? [])
  return {
    project: readRequired(c, 'project'),
    upload: { revision: readRequired(c, 'revision'), scheduleFrom: readScheduleFrom(c, now), clear },
  }
}

function readRequired(c: Context, name: string): string {
  const word = c.req.query(name) ?? ''
  if (word !== '') return word
  throw new Refusal('invalid', `${name}= is required`, 'Send PUT /api/projects?project=NAME&revision=NAME.')
}

function readScheduleFrom(c: Context, now: Date): string | null {
  const text = c.req.query('schedule_from') ?? ''
  if (text === '') return null
  const at = parseTime(text, null)
  if (at !== undefined) return checkFarBack('schedule_from=', at, now).toISOString()
  throw new Refusal(
    'invalid',
    "Invalid schedule_from= parameter format. Expected yyyy-MM-dd'T'HH:mm:ss'Z' format",
    'Write it like 2030-01-15T10:20:30Z.',
  )
}

/** The length that is announced must be there and true: the client's, or a proxy's, upload may have been cut. */
function readLength(c: Context, maxBytes: number): number {
  const [type] = (c.req.header('content-type') ?? '').split(';')
  if (type?.trim() !== TYPE)
    throw new Refusal('invalid', 'RESTEASY003065: Cannot consume content type', `Send a tar.gz as ${TYPE}.`)
  const announced = c.req.header('content-length')
  if (announced === undefined) throw wrongLength()
  if (Number(announced) > maxBytes) throw tooLarge(maxBytes)
  return Number(announced)
}

/** No more than was announced is held, also of a body that is packed once more. */
async function readArchiveBody(c: Context, announced: number): Promise<Buffer> {
  const bytes = await readBytes(c.req.raw, announced)
  if (bytes?.byteLength !== announced) throw wrongLength()
  return bytes
}

const wrongLength = () =>
  new Refusal(
    'invalid',
    "Content-Length header doesn't match with uploaded data size",
    'Send the whole archive at once, with its length: chunked uploads are not taken.',
  )

const tooLarge = (maxBytes: number) =>
  new Refusal(
    'invalid',
    `Size of the uploaded archive file exceeds limit (${maxBytes} bytes)`,
    'Keep large data out of the project; the operator may raise SLUICE_MAX_SOURCE.',
  )
