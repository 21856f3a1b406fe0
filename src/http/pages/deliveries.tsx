import { type Context, Hono } from 'hono'
import type { DeliveryId } from '../../brand.ts'
import { findDeliveryBody, findShownDelivery, listDeliveryRows } from '../../db/pages/deliveries.ts'
import { Refusal } from '../../refusal.ts'
import { DeliveriesPage } from '../../ui/deliveries-page.tsx'
import { DELIVERY_LOOKS } from '../../ui/states.tsx'
import type { Env } from '../env.ts'
import { writePage } from '../page.ts'
import { type PagePorts, readView } from '../view.ts'
import { readId } from './project.tsx'

const A_PAGE = 30

export function deliveryRoutes(ports: PagePorts) {
  return new Hono<Env>()
    .get('/deliveries', (c) => showDeliveries(c, ports, null))
    .get('/deliveries/:id{\\d{1,18}}', (c) => showDeliveries(c, ports, deliveryId(c)))
    .get('/deliveries/:id{\\d{1,18}}/body', async (c) => {
      const body = await findDeliveryBody(ports.sql, deliveryId(c))
      if (body === undefined) throw missing(deliveryId(c))
      // Bytes that somebody sent us: never shown by the browser as a page of ours.
      c.header('Content-Disposition', `attachment; filename="delivery-${deliveryId(c)}.bin"`)
      c.header('Content-Type', 'application/octet-stream')
      return c.body(new Uint8Array(body))
    })
}

const deliveryId = (c: Context) => c.req.param('id') as DeliveryId // the route checked that it is a number

async function showDeliveries(c: Context<Env>, ports: PagePorts, id: DeliveryId | null): Promise<Response> {
  const state = Object.keys(DELIVERY_LOOKS).find((one) => one === c.req.query('state')) ?? null
  const rows = await listDeliveryRows(ports.sql, { before: readId(c.req.query('before')), state, limit: A_PAGE })
  const wanted = id ?? (rows[0]?.id as DeliveryId | undefined) ?? null // as the database gave it
  const selected = wanted === null ? undefined : await findShownDelivery(ports.sql, wanted)
  if (id !== null && selected === undefined) throw missing(id)
  const older = rows.length < A_PAGE ? null : (rows.at(-1)?.id ?? null)
  const view = await readView(c, ports, '/deliveries')
  return writePage(
    c,
    DeliveriesPage({ view, props: { rows, selected: selected ?? null, isChosen: id !== null, state, older } }),
  )
}

const missing = (id: DeliveryId) =>
  new Refusal('not_found', `There is no delivery ${id}`, 'The newest ones are on the page Deliveries.')
