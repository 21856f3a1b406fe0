import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { GRAPH_STYLE } from '../graph/style.ts'
import type { Assets } from '../ui/document.tsx'
import type { Env } from './env.ts'

const FOLDER = new URL('../../src/ui/assets/', import.meta.url)

/** Reads the style sheet, the script and the mark once. Their addresses change with their text, so browsers keep them for good. */
export function openAssets(): { assets: Assets; assetRoutes: Hono<Env> } {
  const styles = [read('tokens.css'), read('components.css'), read('pages.css'), `@layer parts {${GRAPH_STYLE}}`]
  const css = asset('sluice.css', 'text/css; charset=utf-8', styles.join('\n'))
  const js = asset('live.js', 'text/javascript; charset=utf-8', read('live.js'))
  const icon = asset('mark.svg', 'image/svg+xml', read('mark.svg'))
  const assetRoutes = new Hono<Env>()
  for (const { url, type, text } of [css, js, icon])
    assetRoutes.get(url, (c) =>
      c.body(text, 200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' }),
    )
  return { assets: { css: css.url, js: js.url, icon: icon.url }, assetRoutes }
}

const read = (file: string) => readFileSync(new URL(file, FOLDER), 'utf8')

function asset(name: string, type: string, text: string) {
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return { url: `/assets/${version}/${name}`, type, text }
}
