import { Hono } from 'hono'
import { type AccessLog, logAccess } from './access-log.ts'
import { openAssets } from './assets.ts'
import { type AuthPorts, requireUser } from './auth.ts'
import { identifyClient, type TrustsProxy } from './client.ts'
import type { Env } from './env.ts'
import { answerErrors, answerUnknown, type Report } from './errors.tsx'
import { methodsOf, stopUnreadBodies } from './methods.ts'
import { type DashboardPorts, pageRoutes } from './pages/all.ts'
import { signInRoutes } from './pages/sign-in.tsx'
import { themeRoutes } from './pages/theme.ts'
import { refuseForgedForms, secureHeaders } from './security.ts'

export type AppPorts = AuthPorts & {
  /** Keeps a bug for the operator, under the id that the person saw. */
  readonly report: Report
  /** Absent: requests are not logged. */
  readonly accessLog?: Pick<AccessLog, 'write'> | undefined
  /** Route modules of other owners, with whole paths: git, hooks, the API, health. */
  readonly doors: readonly Hono<Env>[]
  /** Whose word about the client is taken. Absent: nobody's. */
  readonly trustsProxy?: TrustsProxy
  /** Absent: a server without pages. */
  readonly dashboard?: DashboardPorts
}

/** Everything we answer. Who needs no user is said in `doors.ts`, for whole paths, before any route is looked at: a module cannot open itself. */
export function createApp(ports: AppPorts): Hono<Env> {
  const { assets, assetRoutes } = openAssets()
  const { dashboard } = ports
  const app: Hono<Env> = new Hono<Env>()
    .onError(answerErrors({ report: ports.report, assets }))
    .notFound(answerUnknown({ assets, methodsOf: (path) => methodsOf(app, path) }))
    .use(
      '*',
      identifyClient(ports.trustsProxy ?? (() => false)),
      logAccess(ports.accessLog, ports.now),
      stopUnreadBodies,
      secureHeaders,
      requireUser(ports),
      refuseForgedForms,
    )
  const pages = dashboard === undefined ? [] : pageRoutes({ ...ports, ...dashboard, assets })
  const own = [assetRoutes, signInRoutes({ ...ports, assets }), themeRoutes(), ...pages]
  for (const routes of [...own, ...ports.doors]) app.route('/', routes)
  return app
}
