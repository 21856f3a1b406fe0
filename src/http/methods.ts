import type { Hono, MiddlewareHandler } from 'hono'
import type { Env } from './env.ts'

const METHODS = ['GET', 'POST', 'PUT', 'DELETE']

/** What the routes of `path` take; none: there is no such path. What is for every method is no route: it looks at all that passes. */
export function methodsOf({ router }: Pick<Hono<Env>, 'router'>, path: string): readonly string[] {
  const taken = METHODS.filter((method) => router.match(method, path)[0].some(([[, route]]) => route.method === method))
  return taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

/** HEAD is answered as GET without its body, which nobody would read to its end or stop: git would wait for a reader, and a page would be followed for ever. */
export const stopUnreadBodies: MiddlewareHandler<Env> = async (c, next) => {
  await next()
  if (c.req.method === 'HEAD') await c.res.body?.cancel()
}
