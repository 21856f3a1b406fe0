/** How a graph looks, in the custom properties of the page that it is on. */
export const GRAPH_STYLE = `
.graph { display: block; font: 400 11px var(--mono); }
.graph text { fill: var(--ink-3); }
.graph .name { fill: var(--ink); font-weight: 500; font-size: 12px; }
.graph .mark { font-family: var(--sans); }
.graph .box { fill: var(--surface); stroke: var(--line-strong); }
.graph .frame { fill: var(--canvas); stroke: var(--line); }
.graph .maybe > .outline { stroke: var(--line-strong); stroke-dasharray: 4 3; }
.graph .never > .outline { fill: none; stroke-dasharray: 1 3; }
.graph .never > .name { fill: var(--ink-3); }
.graph .to .name { fill: var(--accent); text-decoration: underline; }
.graph .wire { fill: none; stroke: var(--line-strong); stroke-width: 1.25; }
.graph .wire.error { stroke: var(--fail); stroke-dasharray: 4 3; }
.graph .joint { fill: var(--line-strong); }
.graph :focus-visible { outline: none; }
.graph :focus-visible > .outline { stroke: var(--accent); stroke-width: 2.5; stroke-dasharray: none; }
`

/** The page's values in light and in dark, for a graph on its own. */
export const LIGHT_DARK = {
  '--canvas': ['#f5f8f9', '#0a1013'],
  '--surface': ['#ffffff', '#10181c'],
  '--line': ['#d9e2e6', '#233037'],
  '--line-strong': ['#82929b', '#5f727d'],
  '--ink': ['#0f1a20', '#e8eff2'],
  '--ink-3': ['#586770', '#8fa0a9'],
  '--accent': ['#08688f', '#56c1e8'],
  '--fail': ['#b42d17', '#ff9076'],
} as const

const FONTS = '--mono: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; --sans: system-ui, sans-serif;'

const values = (theme: 0 | 1) =>
  Object.entries(LIGHT_DARK)
    .map(([name, pair]) => `${name}: ${pair[theme]};`)
    .join(' ')

/** Follows the theme of whoever looks at it. */
export const STANDALONE_STYLE = `
.graph { ${FONTS} ${values(0)} }
@media (prefers-color-scheme: dark) { .graph { ${values(1)} } }
.graph .ground { fill: var(--canvas); }
${GRAPH_STYLE}`
