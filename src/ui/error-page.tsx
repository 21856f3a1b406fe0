import { Document, type Frame, Mark } from './document.tsx'

/** What and why, and what to do next. */
export type ThreePart = { readonly message: string; readonly hint: string }

export function ErrorPage({ error, status, frame }: { error: ThreePart; status: number; frame: Frame }) {
  return (
    <Document title={error.message} frame={frame}>
      <main class="alone">
        <a class="brand flush" href="/">
          <Mark />
          Sluice
        </a>
        <h1 class="headline">{error.message}</h1>
        <p class="lede">{error.hint}</p>
        <p class="row">
          <a class="btn primary" href="/">
            Overview
          </a>
          <span class="quiet small">Error {status}</span>
        </p>
      </main>
    </Document>
  )
}
