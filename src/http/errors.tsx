import type { Context, ErrorHandler, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
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
type Status = (typeof STATUS)[RefusalCode] | 500

export type Report = (id: string, error: unknown) => void

/** The one place where errors become answers. What is not a refusal is a bug: reported whole, shown as its id. */
export function answerErrors({ report, assets }: { report: Report; assets: Assets }): ErrorHandler<Env> {
  return (error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    if (error instanceof Refusal) return answer(c, assets, STATUS[error.code], error)
    const id = crypto.randomUUID()
    report(id, error)
    return answer(c, assets, 500, {
      message: `Sluice failed (${id})`,
      hint: 'Show this id to the operator: the server log has the rest.',
    })
  }
}

/** Under /api an unknown path gets Digdag's empty answer: its clients look no further than the status. */
export function answerUnknown({ assets }: { assets: Assets }): NotFoundHandler<Env> {
  return (c) =>
    doorOf(c.req.path) === 'api'
      ? c.body(null, 404)
      : answer(c, assets, 404, { message: 'There is no such page', hint: 'Go on from the overview.' })
}

function answer(c: Context<Env>, assets: Assets, status: Status, { message, hint }: ThreePart): Response {
  const door = doorOf(c.req.path)
  if (door === 'git') {
    if (status === 401) c.header('WWW-Authenticate', 'Basic realm="Sluice", charset="UTF-8"')
    return c.text(`${message}\n${hint}\n`, status)
  }
  if (door === 'page')
    return writePage(c, ErrorPage({ error: { message, hint }, status, frame: { assets, theme: themeOf(c) } }), status)
  return c.json({ status, message, hint }, status)
}
