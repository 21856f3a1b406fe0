import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Theme } from '../ui/document.tsx'

/** Elements of ours are never promises: a page is made of what was read before. */
export function writePage(c: Context, element: { toString(): string }, status: ContentfulStatusCode = 200): Response {
  c.header('Content-Type', 'text/html; charset=utf-8')
  return c.body(`<!doctype html>${element}`, status)
}

export function themeOf(c: Context): Theme {
  const theme = getCookie(c, 'theme')
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}
