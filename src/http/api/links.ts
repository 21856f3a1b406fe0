import { Hono } from 'hono'
import { z } from 'zod'
import { setBuilder } from '../../db/api/projects.ts'
import type { Env } from '../env.ts'
import { check } from './check.ts'
import type { ApiPorts } from './ports.ts'
import { getProject, readBody } from './query.ts'

const link = z.object({
  url: z.string(),
  branch: z.string().nullable().default(null),
  secret: z.string().nullable().default(null),
})
const builder = z.object({
  kind: z.enum(['auto', 'dockerfile', 'none']),
  path: z
    .string()
    .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'a path below the top of the project')
    .optional(),
  args: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string()).optional(),
})

/** `/api/projects/{project}/link` and `/builder`: where it comes from, and how its image is built. */
export function linkRoutes({ sql, linkProject, now }: Pick<ApiPorts, 'sql' | 'linkProject' | 'now'>) {
  return new Hono<Env>()
    .put('/:project/link', async (c) => {
      const asked = check(link, await readBody(c))
      const name = c.req.param('project')
      return c.json(await linkProject({ ...asked, name }, c.get('user').name, now()))
    })
    .put('/:project/builder', async (c) => {
      const asked = check(builder, await readBody(c))
      const project = await getProject(sql, c.req.param('project'))
      await setBuilder(sql, project.id, asked)
      return c.json({ project: project.name, builder: asked })
    })
}
