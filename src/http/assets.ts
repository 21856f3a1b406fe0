import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import type { Assets } from '../ui/document.tsx'
import type { Env } from './env.ts'

const FOLDER = new URL('../../src/ui/assets/', import.meta.url)

/** Reads the style sheet, the script and the mark once. Their addresses change with their text, so browsers keep them for good. */
export function openAssets(): { assets: Assets; assetRoutes: Hono<Env> } {
  const css = asset('sluice.css', 'text/css; charset=utf-8', ['tokens.css', 'components.css', 'pages.css'])
  const js = asset('live.js', 'text/javascript; charset=utf-8', ['live.js'])
  const icon = asset('mark.svg', 'image/svg+xml', ['mark.svg'])
  const assetRoutes = new Hono<Env>()
  for (const { url, type, text } of [css, js, icon])
    assetRoutes.get(url, (c) =>
      c.body(text, 200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' }),
    )
  return { assets: { css: css.url, js: js.url, icon: icon.url }, assetRoutes }
}

function asset(name: string, type: string, files: readonly string[]) {
  const text = files.map((file) => readFileSync(new URL(file, FOLDER), 'utf8')).join('\n')
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return { url: `/assets/${version}/${name}`, type, text }
}
