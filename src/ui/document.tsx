import type { Child } from 'hono/jsx'

export type Theme = 'system' | 'light' | 'dark'

/** Addresses of what a page loads. */
export type Assets = { readonly css: string; readonly js: string; readonly icon: string }

/** What every page has, whoever looks at it. */
export type Frame = { readonly assets: Assets; readonly theme: Theme }

/** The outermost part of every page. */
export function Document({ title, frame, children }: { title: string; frame: Frame; children?: Child }) {
  const { assets, theme } = frame
  return (
    <html lang="en" {...(theme === 'system' ? {} : { 'data-theme': theme })}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title} · Sluice</title>
        <link rel="stylesheet" href={assets.css} />
        <link rel="icon" type="image/svg+xml" href={assets.icon} />
        <script src={assets.js} defer></script>
      </head>
      <body>{children}</body>
    </html>
  )
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" fill="none" stroke-linecap="round" aria-hidden="true">
      <path d="M4 2.5v13M20 2.5v13" stroke="currentColor" stroke-width="2.2" />
      <path d="M7 9.6h10V4.3H7z" fill="currentColor" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" />
      <path class="water" d="M2 16c3.3-3 6.7-3 10 0s6.7 3 10 0" stroke-width="2.2" />
      <path class="water" d="M2 21c3.3-3 6.7-3 10 0s6.7 3 10 0" stroke-width="2.2" />
    </svg>
  )
}
