import { Hono } from 'hono'
import type { Env } from '../env.ts'
import { archiveRoutes } from './archives.ts'
import { attemptRoutes } from './attempts.ts'
import { linkRoutes } from './links.ts'
import { logRoutes, streamRoutes } from './logs.ts'
import { deliveryRoutes, deployRoutes, queueRoutes, workerRoutes } from './operations.ts'
import type { ApiPorts } from './ports.ts'
import { projectRoutes, singleRoutes } from './projects.ts'
import { scheduleRoutes } from './schedules.ts'
import { sessionRoutes } from './sessions.ts'
import { taskRoutes } from './tasks.ts'
import { tokenRoutes } from './tokens.ts'
import { versionRoutes } from './version.ts'
import { workflowRoutes } from './workflows.ts'

/** Everything under `/api`: Digdag's routes, and what Sluice has on top. Who may call it is decided before. */
export function apiRoutes(ports: ApiPorts): Hono<Env> {
  return new Hono<Env>()
    .route('/api/version', versionRoutes(ports))
    .route('/api', singleRoutes(ports))
    .route('/api/projects', projectRoutes(ports))
    .route('/api/projects', archiveRoutes(ports))
    .route('/api/projects', linkRoutes(ports))
    .route('/api/workflows', workflowRoutes(ports))
    .route('/api/schedules', scheduleRoutes(ports))
    .route('/api/sessions', sessionRoutes(ports))
    .route('/api/attempts', attemptRoutes(ports))
    .route('/api/attempts', streamRoutes(ports))
    .route('/api/logs', logRoutes(ports))
    .route('/api/tasks', taskRoutes(ports))
    .route('/api/deploys', deployRoutes(ports))
    .route('/api/deliveries', deliveryRoutes(ports))
    .route('/api/workers', workerRoutes(ports))
    .route('/api/queues', queueRoutes(ports))
    .route('/api/tokens', tokenRoutes(ports))
}
