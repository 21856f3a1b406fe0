import type { Hono } from 'hono'
import type { AttemptPorts } from '../../app/finish-task.ts'
import type { Env } from '../env.ts'
import type { PagePorts } from '../view.ts'
import { attemptRoutes } from './attempt.tsx'
import { deliveryRoutes } from './deliveries.tsx'
import { logRoutes } from './log.ts'
import { overviewRoutes } from './overview.tsx'
import { deployRoutes, type Link, projectRoutes } from './project.tsx'
import { tokenRoutes } from './tokens.tsx'
import { workflowRoutes } from './workflow.tsx'

/** What the dashboard needs beyond the door itself. */
export type DashboardPorts = Pick<PagePorts, 'hints' | 'url' | 'quietEnvironment'> & {
  readonly attempts: AttemptPorts
  readonly link: Link
}

/** Every page, its stream and its acts. */
export function pageRoutes(ports: PagePorts & DashboardPorts): readonly Hono<Env>[] {
  return [
    overviewRoutes(ports),
    projectRoutes(ports),
    deployRoutes(ports),
    workflowRoutes(ports),
    attemptRoutes(ports),
    logRoutes(ports),
    deliveryRoutes(ports),
    tokenRoutes(ports),
  ]
}
