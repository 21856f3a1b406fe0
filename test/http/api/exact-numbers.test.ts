import { afterAll, expect, it } from 'vitest'
import { openTestSchema } from '../../support/schema.ts'
import { openApi } from './door.ts'
import { insertProject } from './rows.ts'

const { sql, drop } = await openTestSchema('api-exact')
const { get, app, token, hints } = await openApi(sql)
afterAll(async () => {
  await hints.close()
  await drop()
})

it('answers numbers as they were given, through PostgreSQL and back', async () => {
  const { workflowIds } = await insertProject(sql)
  const params = '{"version":1.0,"account":12345678901234567890,"factors":[2.50,1E+3]}'
  const start = `{"workflowId":"${workflowIds[0]}","sessionTime":"2026-03-28T00:00:00Z","params":${params}}`
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const started = await app.request('/api/attempts', { method: 'PUT', body: start, headers })
  const { id } = (await started.json()) as { id: string }
  expect(await (await get(`/attempts/${id}`)).text()).toContain(`"params":${params}`)
})
