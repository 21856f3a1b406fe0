import type { Child } from 'hono/jsx'
import { Document, type Frame, Mark } from './document.tsx'
import { sayNow } from './format.ts'
import { Glyph, Icon, type IconName, Sprite } from './glyph.tsx'
import type { Look } from './states.tsx'

/** What a page knows of who looks at it, when and from where. */
export type View = Frame & {
  readonly now: Date
  /** IANA name: the zone of the browser once it has told it, else UTC. */
  readonly zone: string
  /** Where new schedules start switched off, its name; null: they run. */
  readonly quietEnvironment: string | null
  readonly user: string
  readonly csrf: string
  /** The path of this page, for forms that come back to it. */
  readonly path: string
  readonly rail: Rail
}

/** All projects with the worst state of their workflows, and how much needs a person. */
export type Rail = {
  readonly projects: readonly { readonly name: string; readonly look: Look }[]
  readonly needsYou: number
}

const PLACES = [
  { key: 'overview', href: '/', icon: 'overview', word: 'Overview' },
  { key: 'projects', href: '/projects', icon: 'projects', word: 'Projects' },
  { key: 'workers', href: '/workers', icon: 'workers', word: 'Workers' },
  { key: 'deliveries', href: '/deliveries', icon: 'inbox', word: 'Deliveries' },
  { key: 'tokens', href: '/tokens', icon: 'key', word: 'Tokens' },
] as const satisfies readonly { key: string; href: string; icon: IconName; word: string }[]
type Place = (typeof PLACES)[number]['key']

type Crumb = { readonly word: string; readonly href?: string }

type ShellProps = {
  readonly view: View
  readonly title: string
  readonly place: Place
  /** The project whose page this is. */
  readonly project?: string
  readonly crumbs: readonly Crumb[]
  /** Address of the page's stream; absent: nothing on it moves. */
  readonly events?: string | undefined
  readonly children?: Child
}

export function Shell({ view, title, place, project, crumbs, events, children }: ShellProps) {
  return (
    <Document title={title} frame={view}>
      <Sprite />
      <a class="skip" href="#main">
        Skip to content
      </a>
      <div class="shell">
        <header class="rail">
          <a class="brand" href="/">
            <Mark />
            Sluice
          </a>
          <Places place={place} needsYou={view.rail.needsYou} />
          <Projects rail={view.rail} current={project} />
          <Foot view={view} />
        </header>
        <div>
          <Bar view={view} crumbs={crumbs} />
          <main id="main" {...(events === undefined ? {} : { 'data-events': events })}>
            {children}
          </main>
        </div>
      </div>
    </Document>
  )
}

function Places({ place, needsYou }: { place: Place; needsYou: number }) {
  return (
    <nav aria-label="Main">
      {PLACES.map(({ key, href, icon, word }) => (
        <a class="to" href={href} {...(key === place ? { 'aria-current': 'page' as const } : {})}>
          <Icon name={icon} />
          <span>{word}</span>
          {key === 'overview' ? <NeedsYou count={needsYou} /> : null}
        </a>
      ))}
    </nav>
  )
}

/** The rest has a page of its own. */
const MOST_IN_RAIL = 50

function Projects({ rail: { projects }, current }: { rail: Rail; current: string | undefined }) {
  return (
    <nav class="second" aria-label="Projects">
      <h2>Projects</h2>
      {projects.length === 0 ? <p class="none-yet">None yet</p> : null}
      {projects.slice(0, MOST_IN_RAIL).map(({ name, look }) => (
        <a class="to" href={projectPath(name)} {...(name === current ? { 'aria-current': 'true' as const } : {})}>
          <ProjectLook name={name} look={look} />
          <span class="clip">{name}</span>
        </a>
      ))}
      {projects.length <= MOST_IN_RAIL ? null : (
        <a class="to" href="/projects">
          <span>All {projects.length}</span>
        </a>
      )}
    </nav>
  )
}

function NeedsYou({ count }: { count: number }) {
  return (
    <span id="needs-you" {...(count === 0 ? { hidden: true } : { class: 'count is-fail', title: `${count} need you` })}>
      {count}
    </span>
  )
}

function ProjectLook({ name, look }: Rail['projects'][number]) {
  return (
    <span id={`rail-${name}`} class="look">
      <Glyph name={look.glyph} tone={look.tone} />
      <span class="sr">{look.word}: </span>
    </span>
  )
}

/** What moves in the rail, for a page's stream. */
export const railParts = ({ projects, needsYou }: Rail) => ({
  'needs-you': NeedsYou({ count: needsYou }),
  ...Object.fromEntries(
    projects.slice(0, MOST_IN_RAIL).map((project) => [`rail-${project.name}`, ProjectLook(project)]),
  ),
})

function Foot({ view }: { view: View }) {
  return (
    <div class="foot">
      <form class="theme" method="post" action="/theme" aria-label="Theme">
        <Hidden view={view} />
        <ThemeButton view={view} value="system" icon="screen" word="System" />
        <ThemeButton view={view} value="light" icon="sun" word="Light" />
        <ThemeButton view={view} value="dark" icon="moon" word="Dark" />
      </form>
      <div class="who">
        <span class="face" aria-hidden="true">
          {view.user.slice(0, 2).toUpperCase()}
        </span>
        <span class="clip">{view.user}</span>
        <SignOut view={view} class="push link small" />
      </div>
    </div>
  )
}

type ThemeButtonProps = { view: View; value: View['theme']; icon: IconName; word: string }

function ThemeButton({ view, value, icon, word }: ThemeButtonProps) {
  return (
    <button
      type="submit"
      name="theme"
      value={value}
      title={word}
      aria-pressed={view.theme === value ? 'true' : 'false'}
    >
      <Icon name={icon} />
      <span class="sr">{word}</span>
    </button>
  )
}

function SignOut({ view, class: style }: { view: View; class: string }) {
  return (
    <form method="post" action="/sign-out" class="plain push">
      <Hidden view={view} />
      <button type="submit" class={`plain ${style}`}>
        Sign out
      </button>
    </form>
  )
}

function Bar({ view, crumbs }: { view: View; crumbs: readonly Crumb[] }) {
  return (
    <section class="bar" aria-label="This page">
      <nav class="crumbs" aria-label="Path">
        {crumbs.map(({ word, href }, index) => (
          <>
            {index === 0 ? null : <Icon name="chev" />}
            {href === undefined ? <span aria-current="page">{word}</span> : <a href={href}>{word}</a>}
          </>
        ))}
      </nav>
      <Quiet environment={view.quietEnvironment} />
      <time class="clock push" datetime={view.now.toISOString()} title={`Your zone: ${view.zone}`}>
        {sayNow(view.now, view.zone)}
      </time>
      <details class="menu push">
        <summary aria-label="More">
          <Icon name="menu" />
        </summary>
        <div>
          {view.rail.projects.slice(0, 8).map(({ name }) => (
            <a href={projectPath(name)}>{name}</a>
          ))}
          <SignOut view={view} class="entry" />
        </div>
      </details>
    </section>
  )
}

/** Said on every page: whoever waits for a schedule here waits for ever. */
function Quiet({ environment }: { environment: string | null }) {
  if (environment === null) return null
  return (
    <span
      class="state chip is-retry quiet-env"
      title={`New schedules of ${environment} wait until a person switches them on`}
    >
      <Glyph name="blocked" tone="retry" />
      {environment}: schedules start off
    </span>
  )
}

/** What every form of ours carries: the token that says it is ours, and the page to come back to. */
export function Hidden({ view }: { view: Pick<View, 'csrf' | 'path'> }) {
  return (
    <>
      <input type="hidden" name="csrf" value={view.csrf} />
      <input type="hidden" name="back" value={view.path} />
    </>
  )
}

export const projectPath = (name: string): string => `/projects/${encodeURIComponent(name)}`
export const workflowPath = (project: string, name: string): string =>
  `${projectPath(project)}/workflows/${encodeURIComponent(name)}`
export const deployPath = (project: string, id: string): string => `${projectPath(project)}/deploys/${id}`
export const attemptPath = (id: string): string => `/attempts/${id}`
