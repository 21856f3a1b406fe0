import type { Context, ErrorHandler, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { isDatabaseAway, isDatabaseFull } from '../db/sql.ts'
import { Refusal, type RefusalCode } from '../refusal.ts'
import type { Assets } from '../ui/document.tsx'
import { ErrorPage, type ThreePart } from '../ui/error-page.tsx'
import { doorOf } from './doors.ts'
import type { Env } from './env.ts'
import { themeOf, writePage } from './page.ts'

const STATUS = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  too_many: 429,
  unavailable: 503,
} as const satisfies Record<RefusalCode, number>
type Status = (typeof STATUS)[RefusalCode] | 405 | 500

/** Whoever works with it reports it; here everybody who asks would. */
const DATABASE_AWAY = {
  message: 'The database does not answer',
  hint: 'Try again in a moment. /readyz tells when it is back; what runs goes on.',
}

const DATABASE_FULL = {
  message: 'The database has no room to write',
  hint: 'Its operator has to make some. What is there can be read, what runs goes on, and nothing is lost.',
}

/** `id`: what the person was shown. */
export type Report = (id: string | undefined, error: unknown) => void

/** The one place where errors become answers. What is not a refusal is a bug: reported whole, shown as its id. */
export function answerErrors({ report, assets }: { report: Report; assets: Assets }): ErrorHandler<Env> {
  return (error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    if (error instanceof Refusal) return answer(c, assets, STATUS[error.code], error)
    if (isDatabaseFull(error)) report(undefined, error)
    if (isDatabaseFull(error)) return answer(c, assets, 503, DATABASE_FULL)
    if (isDatabaseAway(error)) return answer(c, assets, 503, DATABASE_AWAY)
    const id = crypto.randomUUID()
    report(id, error)
    return answer(c, assets, 500, {
      message: `Sluice failed (${id})`,
      hint: 'Show this id to the operator: the server log has the rest.',
    })
  }
}

type Unknown = { readonly assets: Assets; readonly methodsOf: (path: string) => readonly string[] }

/** A path that takes other methods says which. Under /api an unknown one gets Digdag's empty answer: its clients look no further than the status. */
export function answerUnknown({ assets, methodsOf }: Unknown): NotFoundHandler<Env> {
  return (c) => {
    const { method, path } = c.req
    const methods = methodsOf(path)
    if (methods.length === 0 && doorOf(path) === 'api') return c.body(null, 404)
    if (methods.length === 0)
      return answer(c, assets, 404, { message: 'There is no such page', hint: 'Go on from the overview.' })
    c.header('Allow', methods.join(', '))
    if (method === 'OPTIONS') return c.body(null, 204)
    return answer(c, assets, 405, { message: `${method} is not possible here`, hint: `Use ${methods.join(' or ')}.` })
  }
}

function answer(c: Context<Env>, assets: Assets, status: Status, { message, hint }: ThreePart): Response {
  if (status === 503) c.header('Retry-After', '10')
  const door = doorOf(c.req.path)
  if (door === 'git') {
    if (status === 401) c.header('WWW-Authenticate', 'Basic realm="Sluice", charset="UTF-8"')
    return c.text(`${message}\n${hint}\n`, status)
  }
  if (door === 'flower') {
    if (status === 401) c.header('WWW-Authenticate', 'Basic realm="Sluice", charset="UTF-8"')
    c.header('Content-Type', 'text/html; charset=utf-8') // as Flower says no
    return c.body(`${message}. ${hint}`.replaceAll('&', '&amp;').replaceAll('<', '&lt;'), status)
  }
  if (door === 'page')
    return writePage(c, ErrorPage({ error: { message, hint }, status, frame: { assets, theme: themeOf(c) } }), status)
  if (!c.req.path.startsWith('/api/')) return c.json({ status, message, hint }, status)
  c.header('Sluice-Hint', headerText(hint)) // the body is Digdag's, whose clients compare and print it
  return c.json({ status, message }, status)
}

/** A header holds printable ASCII; the rest, and the sign of that, is percent-encoded. */
const headerText = (text: string) => text.replaceAll(/[^ -~]+|%/gu, encodeURIComponent)
