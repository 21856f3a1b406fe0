import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { printJson } from '../../json.ts'

/** As `c.json`, for what holds params: numbers are answered as they were written. */
export function sayJson(c: Context, body: unknown, status: ContentfulStatusCode = 200): Response {
  return c.body(printJson(body), status, { 'content-type': 'application/json' })
}
