import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Json, ProjectId } from '../../brand.ts'
import { type AttemptRow, findAttempt } from '../../db/api/attempts.ts'
import { findProjectById, findProjectByName, type ProjectRow } from '../../db/api/projects.ts'
import type { Sql } from '../../db/sql.ts'
import { parseJson } from '../../json.ts'
import { Refusal } from '../../refusal.ts'
import { isNestedTooDeeply, MAX_NESTING } from '../../workflow/nesting.ts'
import { readBytes } from '../read-body.ts'
import { instant } from './times.ts'

/** Digdag's answer to an address that means nothing: 404 without a body. */
export const nothingHere = () => new HTTPException(404, { res: new Response(null, { status: 404 }) })

/** What a path must look like to be an id; any other word gets Digdag's empty 404. */
export const ID = '{[0-9]{1,18}}'

export function readId(c: Context, name: string): string | undefined {
  const text = c.req.query(name)
  if (text === undefined) return undefined
  if (!/^\d{1,18}$/.test(text)) throw nothingHere()
  return text
}

export function readCount(c: Context, name: string, max: number): number {
  const text = readId(c, name)
  if (text === undefined) return Math.min(100, max)
  if (Number(text) > max) throw tooMany(text, max)
  return Number(text)
}

export const readFlag = (c: Context, name: string): boolean => c.req.query(name) === 'true'

/** Parameters of a session are the largest that anybody sends. haproxy.cfg refuses the same. */
export const MAX_API_BYTES = 4 * 1024 * 1024

/** The whole body as an object; what is in it is the route's to check. */
export async function readBody(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readBytes(c.req.raw, MAX_API_BYTES)
  if (bytes === undefined) throw new Refusal('too_large', 'The body is too large', 'Send at most 4 MiB.')
  const text = Buffer.from(bytes).toString('utf8')
  const body = text.trim() === '' ? {} : parse(text)
  if (isNestedTooDeeply(body))
    throw new Refusal('invalid', `The body is nested deeper than ${MAX_NESTING} levels`, 'Send it flatter.')
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body }
  throw new Refusal('invalid', 'The body is not a JSON object', 'Send an object, such as {}.')
}

function parse(text: string): Json {
  try {
    return parseJson(text)
  } catch (error) {
    throw new Refusal('invalid', `The body is not JSON: ${(error as Error).message}`, 'Send JSON in UTF-8.')
  }
}

/** `word` is an id or a name. A deleted project has no name any more, and its id is refused. */
export async function getProject(sql: Sql, word: string): Promise<ProjectRow> {
  const project = /^\d{1,18}$/.test(word) ? await findProjectById(sql, word) : undefined
  const found = project ?? (await findProjectByName(sql, word))
  if (found === undefined) throw missing(`project ${/^\d+$/.test(word) ? 'id' : 'name'}=${word}`, 'sluice projects')
  if (found.deletedAt === null) return found
  throw new Refusal(
    'not_found',
    `Project id=${found.id} is already deleted at ${instant(found.deletedAt)}`,
    'List the others: sluice projects',
  )
}

export async function findProjectIdOf(sql: Sql, word: string | undefined): Promise<ProjectId | undefined> {
  return word === undefined ? undefined : (await getProject(sql, word)).id
}

export async function getAttempt(sql: Sql, id: string): Promise<AttemptRow> {
  const attempt = await findAttempt(sql, id)
  if (attempt === undefined) throw missing(`session attempt id=${id}`, 'sluice attempts')
  return attempt
}

/** In Digdag's words, which its client shows. */
export const missing = (what: string, listedBy: string) =>
  new Refusal('not_found', `Resource does not exist: ${what}`, `List what there is: ${listedBy}`)

const tooMany = (asked: string, max: number) =>
  new Refusal(
    'invalid',
    `Your specified page_size is Optional.of(${asked}), but it is larger than MAX_PAGE_SIZE: ${max}. You must specify page_size with a number which is smaller than ${max}.`,
    'Page with last_id.',
  )
