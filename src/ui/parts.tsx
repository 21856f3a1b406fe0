import type { Child } from 'hono/jsx'
import { sayAgo, sayExactly, sayWhen } from './format.ts'
import { Icon } from './glyph.tsx'
import type { View } from './shell.tsx'

type Clock = Pick<View, 'now' | 'zone'>

/** A moment as people say it, with the exact one on hover. */
export function When({ at, view }: { at: Date; view: Clock }) {
  return (
    <time datetime={at.toISOString()} title={sayExactly(at, view.zone)}>
      {sayWhen(at, view)}
    </time>
  )
}

export function Ago({ at, view }: { at: Date; view: Clock }) {
  return (
    <time datetime={at.toISOString()} title={sayExactly(at, view.zone)}>
      {sayAgo(at, view.now)}
    </time>
  )
}

/** A heading over one thing. With an `id` the page's stream can replace it. */
export function Section(props: { title: string; note?: Child; side?: Child; id?: string; children?: Child }) {
  const { title, note, side, id, children } = props
  return (
    <section class="section" {...(id === undefined ? {} : { id })}>
      <header>
        <h2>{title}</h2>
        {note === undefined || note === null ? null : <span class="note">{note}</span>}
        {side === undefined ? null : <div class="push">{side}</div>}
      </header>
      {children}
    </section>
  )
}

export function CopyLine({ text, prompt = '$' }: { text: string; prompt?: string }) {
  return (
    <div class="copyline">
      {prompt === '' ? null : <span class="prompt">{prompt}</span>}
      <code tabindex={0}>{text}</code>
      <button type="button" class="btn small bare" data-copy={text}>
        <Icon name="copy" />
        <span class="said">Copy</span>
      </button>
    </div>
  )
}

/** What git asks for when it pushes here without the credential helper of `sluice init`. */
export function AsksForPassword() {
  return (
    <p class="small quiet">
      Git asks for your name and password, or a{' '}
      <a class="link" href="/tokens">
        token
      </a>{' '}
      in its place.
    </p>
  )
}

/** The page follows what happens; a part of it, so that it goes when there is nothing left to follow. */
export function Following() {
  return (
    <span class="live" title="This page follows by server-sent events">
      Following
    </span>
  )
}
