import type { ShownTask } from '../../src/shown/attempt.ts'
import type { View } from '../../src/ui/shell.tsx'

export const NOW = new Date('2026-03-28T06:14:08Z')
export const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000)

/** Somebody looks at a page in Berlin, six minutes after something went wrong. */
export function viewOf(changes: Partial<View> = {}): View {
  return {
    assets: { css: '/assets/1/sluice.css', js: '/assets/1/live.js', icon: '/assets/1/mark.svg' },
    theme: 'system',
    now: NOW,
    zone: 'Europe/Berlin',
    quietEnvironment: null,
    user: 'admin',
    csrf: 'the-token',
    path: '/here',
    rail: { projects: [], needsYou: 0 },
    ...changes,
  }
}

export function taskOf(changes: Partial<ShownTask> & { id: string; fullName: string }): ShownTask {
  return {
    parentId: null,
    kind: 'operator',
    state: 'blocked',
    queue: 'default',
    upstreams: [],
    logId: null,
    error: null,
    exitCause: null,
    readyAt: null,
    retryAt: null,
    changedAt: NOW,
    worker: null,
    runs: [],
    ...changes,
  }
}

/** What a reader sees, without the markup. */
export const textOf = (html: { toString(): string }): string =>
  String(html)
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim()

/** Every kind of breaking out: of text, of an attribute, of a script, of a path. */
export const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(1)>'\`../..?#&`
