import { afterAll, describe, expect, it } from 'vitest'
import { openGraphs } from '../../src/http/pages/workflow-graphs.ts'
import { rowsOf } from '../support/rows.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('workflow_graphs')
afterAll(drop)

describe('graphs of workflows', () => {
  it('are drawn once for all who look, and the hundred that were looked at last are kept', async () => {
    const names = Array.from({ length: 101 }, (_, at) => `w${at}`)
    const config = { '+a': { 'sh>': 'ls' }, '+b': { 'call>': 'b.dig' } }
    const { workflows } = await rowsOf(sql, new Date()).project('many', { workflows: names, config })
    const [first = '', second = '', ...others] = names.map((name) => workflows.get(name))
    const getGraph = openGraphs(sql)
    const graphs = [await getGraph(first), await getGraph(second)]
    expect(graphs[0]).toMatchObject({ tasks: 2, isFolded: false, rows: { length: 3 } })
    for (const id of others) await getGraph(id ?? '')
    expect([(await getGraph(second)) === graphs[1], (await getGraph(first)) === graphs[0]]).toEqual([true, false])
  })

  it('say when they are too large to be drawn whole', async () => {
    const config = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`+t${at}`, { 'echo>': at }]))
    const { workflows } = await rowsOf(sql, new Date()).project('large', { config })
    expect(await openGraphs(sql)(workflows.get('daily_sync') ?? '')).toMatchObject({ tasks: 300, isFolded: true })
  })
})
