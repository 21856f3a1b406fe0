import type { DeployPageProps } from './deploy.ts'
import { clockSeconds, countOf, sayDuration, shortCommit } from './format.ts'
import { Glyph, Icon } from './glyph.tsx'
import { Log } from './log.tsx'
import { Ago, Following, Section } from './parts.tsx'
import { projectPath, Shell, type View, workflowPath } from './shell.tsx'
import { Chip, DEPLOY_LOOKS, type Look, lookOfDeploy } from './states.tsx'

type Props = { readonly view: View; readonly props: DeployPageProps }

export function DeployPage({ view, props }: Props) {
  const { deploy, log } = props
  const isOpen = deploy.finishedAt === null || log?.isClosed === false
  return (
    <Shell
      view={view}
      title={`Deploy ${deploy.id} of ${deploy.project}`}
      place="projects"
      project={deploy.project}
      crumbs={[
        { word: deploy.project, href: projectPath(deploy.project) },
        { word: 'Deploys', href: `${projectPath(deploy.project)}/deploys` },
        { word: nameOf(deploy) },
      ]}
      events={isOpen ? `/events/deploys/${deploy.id}` : undefined}
    >
      {Object.values(deployParts({ view, props }))}
      <div class="cols wide">
        <section class="section" aria-label="Log">
          <header>
            <h2>Log</h2>
          </header>
          {log === null ? null : <Log tail={log} zone={view.zone} title={<LogHead />} label="Log of this deploy" />}
        </section>
        <From view={view} props={props} />
      </div>
    </Shell>
  )
}

export const LogHead = () => (
  <span class="soft small">
    The same lines that <code>git push</code> prints
  </span>
)

export function deployParts({ view, props }: Props) {
  return { head: <Head view={view} props={props} />, locks: <Locks props={props} view={view} /> }
}

const nameOf = (deploy: DeployPageProps['deploy']) =>
  deploy.revision !== null ? `v${deploy.revision}` : deploy.commit === null ? deploy.branch : shortCommit(deploy.commit)

function Head({ view, props: { deploy } }: Props) {
  const isOpen = deploy.finishedAt === null
  return (
    <div class="head" id="head" data-state={deploy.state}>
      <div>
        <h1 class="title">
          {nameOf(deploy)} <Chip look={lookOfDeploy(deploy)} />
        </h1>
        <p class="sub">
          {deploy.message === null ? null : <span class="strong">{deploy.message.split('\n')[0]}</span>}
          {deploy.commit === null ? null : (
            <span>
              <Icon name="commit" />
              <span class="id">{shortCommit(deploy.commit)}</span>
            </span>
          )}
          <span>
            {deploy.pushedBy ?? deploy.author ?? 'webhook'}, <Ago at={deploy.createdAt} view={view} />
          </span>
          {isOpen ? <Following /> : null}
        </p>
        {deploy.problem === null ? null : (
          <p class="why-line is-fail problem">
            <Glyph name="fail" tone="fail" />
            <span>
              <b>{deploy.problem}</b> Nothing was changed: what was live stays live.
            </span>
          </p>
        )}
      </div>
    </div>
  )
}

type Step = { readonly look: Look; readonly note: string }

const STEPS = ['Received', 'Checked', 'Built', 'Live'] as const
const AT = { waiting: 0, fetching: 0, checking: 1, building: 2, releasing: 3 } as const

/** The steps of a deploy: each lifts the revision one level. */
function Locks({ view, props: { deploy } }: Props) {
  return (
    <ol class="locks" id="locks" aria-label="Steps of this deploy">
      {STEPS.map((word, index) => {
        const { look, note } = stepOf(deploy, index, view.now)
        return (
          <li class={`is-${look.tone}`}>
            <span class={`state is-${look.tone}`}>
              <Glyph name={look.glyph} tone={look.tone} />
              {word}
            </span>
            <p>{note}</p>
            <svg class="level" aria-hidden="true">
              <rect
                width={look.tone === 'still' ? '0' : look.tone === 'run' && word !== 'Live' ? '60%' : '100%'}
                height="3"
              />
            </svg>
          </li>
        )
      })}
    </ol>
  )
}

const PASSED: Look = { glyph: 'ok', tone: 'ok', word: 'done' }
const AHEAD: Look = { glyph: 'blocked', tone: 'still', word: 'not yet' }

function stepOf(deploy: DeployPageProps['deploy'], index: number, now: Date): Step {
  const look = DEPLOY_LOOKS[deploy.state]
  const took = sayDuration((deploy.finishedAt ?? now).getTime() - deploy.createdAt.getTime())
  if (deploy.state === 'live') return { look: PASSED, note: noteOfLive(deploy, index, took) }
  const at = whereItStands(deploy)
  if (index < at) return { look: PASSED, note: index === 0 ? byWhat(deploy) : '' }
  if (index > at) return { look: AHEAD, note: '' }
  return { look, note: deploy.finishedAt === null ? `${look.word.toLowerCase()}, ${took}` : look.word.toLowerCase() }
}

function whereItStands(deploy: DeployPageProps['deploy']): number {
  const { state, hasBuild, commit } = deploy
  if (state === 'live') return STEPS.length
  if (state === 'declined' || state === 'failed') return hasBuild ? 2 : commit === null ? 0 : 1
  return state === 'replaced' ? 0 : AT[state]
}

function noteOfLive(deploy: DeployPageProps['deploy'], index: number, took: string): string {
  const notes = [
    byWhat(deploy),
    countOf(deploy.workflows.length, 'workflow'),
    deploy.hasBuild ? 'a new image' : 'no build needed',
    `after ${took}`,
  ]
  return notes[index] ?? ''
}

const byWhat = ({ kind }: DeployPageProps['deploy']) =>
  ({ push: 'git push', webhook: 'webhook', upload: 'upload' })[kind]

function From({ view, props: { deploy } }: Props) {
  return (
    <div class="stack">
      <Facts view={view} deploy={deploy} />
      {deploy.workflows.length === 0 ? null : <Workflows deploy={deploy} />}
    </div>
  )
}

const CommitOf = ({ deploy: { commit } }: Pick<DeployPageProps, 'deploy'>) => (
  <>{commit === null ? 'not fetched yet' : <span class="id">{shortCommit(commit)}</span>} on </>
)

function Facts({ view, deploy }: { view: View; deploy: DeployPageProps['deploy'] }) {
  return (
    <Section title="From">
      <div class="sheet pad">
        <dl class="facts">
          <dt>{deploy.kind === 'upload' ? 'Archive' : 'Commit'}</dt>
          <dd>
            {deploy.kind === 'upload' ? null : <CommitOf deploy={deploy} />}
            <code>{deploy.branch}</code>
          </dd>
          {deploy.author === null ? null : (
            <>
              <dt>Author</dt>
              <dd>{deploy.author}</dd>
            </>
          )}
          <dt>Received</dt>
          <dd>{clockSeconds(deploy.createdAt, view.zone)}</dd>
          <dt>By</dt>
          <dd>
            {byWhat(deploy)},{' '}
            <a class="link" href={`/deliveries/${deploy.deliveryId}`}>
              delivery {deploy.deliveryId}
            </a>
          </dd>
          <IdIfAny name="Before" id={deploy.oldCommit === null ? null : shortCommit(deploy.oldCommit)} />
          <IdIfAny name="Image" id={deploy.imageKey === null ? null : deploy.imageKey.slice(0, 12)} />
        </dl>
      </div>
    </Section>
  )
}

function IdIfAny({ name, id }: { name: string; id: string | null }) {
  if (id === null) return null
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <span class="id">{id}</span>
      </dd>
    </>
  )
}

function Workflows({ deploy }: { deploy: DeployPageProps['deploy'] }) {
  return (
    <Section title="Workflows">
      <div class="sheet">
        <ul class="diff">
          {deploy.workflows.map((name) => (
            <li>
              <span class="delta">·</span>
              <b>
                <a href={workflowPath(deploy.project, name)}>{name}</a>
              </b>
            </li>
          ))}
        </ul>
      </div>
    </Section>
  )
}
