import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldGraph } from '../../src/graph/fold-graph.ts'
import { GraphSvg, renderSvg } from '../../src/graph/graph-svg.tsx'
import { layOutGraph } from '../../src/graph/lay-out.ts'
import { planGraph } from '../../src/graph/plan-graph.ts'
import { LIGHT_DARK } from '../../src/graph/style.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { HOSTILE_CONFIG, HOSTILE_WORDS } from './hostile.ts'
import { graphOf } from './sketch.ts'

const drawingOf = (text: string, name?: string) => layOutGraph(foldGraph(graphOf(text, name)))
const hostile = layOutGraph(foldGraph(planGraph({ name: HOSTILE_WORDS[0] ?? '', config: HOSTILE_CONFIG }, {})))

describe('the drawing of a graph', () => {
  it('has the words of each task, and its whole name as its title', () => {
    const name = `+${'long'.repeat(12)}`
    const svg = renderSvg(drawingOf(`${name}: {sh>: ./load --all, _error: {echo>: no}}`))
    expect(svg).toContain(`<title>+wf${name}\nsh&gt; ./load --all</title>`)
    expect(svg).toContain('<text class="name" x="12" y="19">+longlonglonglo…nglonglonglong</text>')
    expect(svg).toContain('<text class="command" x="12" y="34">sh&gt; ./load --all</text>')
    expect(svg).toContain(`<title>+wf${name}^error\necho&gt; no\nDoes not always run</title>`)
  })

  it('lets the keyboard reach each task, and says that nothing is decoration', () => {
    const svg = renderSvg(drawingOf('+g: {+a: {echo>: 1}, +b: {echo>: 1}}'))
    expect(svg.match(/tabindex="0"/g)).toHaveLength(3)
    expect(svg.match(/role="graphics-symbol"/g)).toHaveLength(2)
    expect(svg.match(/role="graphics-object"/g)).toHaveLength(1)
  })

  it('leads to a workflow that is waited for, where it can be seen', () => {
    const drawing = drawingOf('+a: {require>: other}')
    const page = String(GraphSvg({ drawing, href: (workflow) => `/workflows/${encodeURIComponent(workflow)}` }))
    expect(page).toContain('<a class="to" href="/workflows/other"><title>+wf+a')
    expect(renderSvg(drawing)).not.toContain('<a')
  })

  it('of the sample is the one in the README', async () => {
    const svg = renderSvg(drawingOf(readFileSync('templates/weather/weather.dig', 'utf8'), 'weather'))
    await expect(svg).toMatchFileSnapshot('../../docs/images/weather.svg')
  })

  it('needs nothing that a strict page forbids', () => {
    const page = String(GraphSvg({ drawing: hostile, href: () => '/x' }))
    expect(/<style|<script|<[^>]* (style|on\w+)=/.exec(page)).toBeNull()
    expectPlainXml(page)
  })

  it('stands alone: colours for light and dark, fonts that are there', () => {
    const svg = renderSvg(drawingOf('+a: {echo>: 1}'))
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="graph" width="\d+" height="\d+" viewBox="[\d. ]+"><title>Tasks of wf<\/title><desc>/,
    )
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).not.toMatch(/url\(|@import|href=/)
  })

  it('has the colours of the pages', () => {
    const tokens = readFileSync('src/ui/assets/tokens.css', 'utf8')
    for (const [name, [light, dark]] of Object.entries(LIGHT_DARK))
      expect(tokens.replace(/ +/g, ' ')).toContain(`${name}: light-dark(${light}, ${dark});`)
  })

  it('takes no word of a workflow for markup, and holds no letter that XML does not know', () => {
    const svg = renderSvg(hostile)
    expect(svg).not.toMatch(/<script|<img|<!|onerror=.*>[^<]*<\/script/)
    expectPlainXml(svg)
  })

  it(
    'is well-formed whatever the words are',
    () => {
      const property = fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        (name, command) => {
          const config = { [`+${name}`]: { 'sh>': command }, '+g': { [`+${command}`]: { [`${name}>`]: null } } }
          expectPlainXml(renderSvg(layOutGraph(planGraph({ name, config }, {}))))
        },
      )
      fc.assert(property, effort(200))
    },
    PROPERTY_MS,
  )
})

/** Tags that open and close, attributes in quotes, text without markup: all that we write, and all of it. */
function expectPlainXml(svg: string): void {
  const open: string[] = []
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?: [a-zA-Z:]+="[^"<&]*(?:&(?:amp|lt|gt|quot|#39);[^"<&]*)*")*)>/g,
    (_, slash, name) => {
      if (slash === '') open.push(name)
      else expect(open.pop()).toBe(name)
      return ''
    },
  )
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<]|&(?!(?:amp|lt|gt|quot|#39);)/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be there
  expect(svg).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}/u)
}
