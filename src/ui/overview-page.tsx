import type { ShownDeploy } from './deploy.ts'
import { FirstRun } from './first-run.tsx'
import { clock, countOf, sayDuration, sayIn, saySpan, shortCommit } from './format.ts'
import { Glyph } from './glyph.tsx'
import { Ago, Following, Section, When } from './parts.tsx'
import { attemptPath, deployPath, projectPath, Shell, type View, workflowPath } from './shell.tsx'
import { DEPLOY_LOOKS } from './states.tsx'
import type { ShownWorker } from './workers-page.tsx'
import { Slots, WorkerStatus } from './workers-page.tsx'

/** What needs a person: a workflow whose newest session failed, or a task that nobody knows of. */
export type Incident = {
  readonly kind: 'failed' | 'unknown'
  readonly project: string
  readonly workflow: string
  readonly attemptId: string
  readonly task: string | null
  readonly why: string | null
  readonly at: Date
}
export type RunningAttempt = {
  readonly id: string
  readonly project: string
  readonly workflow: string
  readonly startedAt: Date
  readonly running: number
  readonly failed: number
  /** One of the tasks that run. */
  readonly now: string | null
  readonly usualMs: number | null
}
export type NextRun = { readonly project: string; readonly workflow: string; readonly runAt: Date }

export type OverviewProps = {
  readonly hasProjects: boolean
  readonly incidents: readonly Incident[]
  readonly running: readonly RunningAttempt[]
  readonly next: readonly NextRun[]
  readonly workflows: { readonly ran: number; readonly passed: number }
  readonly workers: readonly ShownWorker[]
  readonly deploys: readonly ShownDeploy[]
  readonly address: string
}

type Props = { readonly view: View; readonly props: OverviewProps }

export function OverviewPage({ view, props }: Props) {
  return (
    <Shell view={view} title="Overview" place="overview" crumbs={[{ word: 'Overview' }]} events="/events/overview">
      {props.hasProjects ? (
        Object.values(overviewParts({ view, props }))
      ) : (
        <FirstRun address={props.address} workers={props.workers} />
      )}
    </Shell>
  )
}

export function overviewParts({ view, props }: Props) {
  return {
    head: <Head view={view} props={props} />,
    columns: (
      <div class="cols" id="columns">
        <div class="stack">
          {props.incidents.length === 0 ? null : <NeedsYou view={view} incidents={props.incidents} />}
          <Running view={view} running={props.running} />
          <Deploys view={view} deploys={props.deploys} />
        </div>
        <div class="stack">
          <Next view={view} next={props.next} />
          <Workers view={view} workers={props.workers} />
        </div>
      </div>
    ),
  }
}

function Head({ view, props }: Props) {
  const { incidents, running, workflows, next } = props
  const [first] = next
  return (
    <div class="head" id="head">
      <div>
        <h1 class="headline">{headline(incidents.length)}</h1>
        <p class="lede">
          {incidents.length > 0 ? 'Everything else flows: ' : ''}
          <b>{countOf(running.length, 'attempt')}</b> {running.length === 1 ? 'runs' : 'run'}
          {workflows.ran === 0 ? null : (
            <>
              ,{' '}
              <b>
                {workflows.passed} of {workflows.ran}
              </b>{' '}
              workflows passed last time
            </>
          )}
          {first === undefined ? null : (
            <>
              , the next starts <b>{sayIn(first.runAt, view.now)}</b>
            </>
          )}
          .
        </p>
      </div>
      <Following />
    </div>
  )
}

const NUMBERS = ['Nothing', 'One thing', 'Two things', 'Three things', 'Four things', 'Five things']

function headline(incidents: number): string {
  return `${NUMBERS[incidents] ?? `${incidents} things`} ${incidents === 0 || incidents === 1 ? 'needs' : 'need'} you.`
}

function NeedsYou({ view, incidents }: { view: View; incidents: readonly Incident[] }) {
  return (
    <Section title="Needs you">
      <ul class="sheet list">
        {incidents.map((incident, index) => (
          <li>
            {incident.kind === 'failed' ? <Glyph name="fail" tone="fail" /> : <Glyph name="unknown" tone="lost" />}
            <div>
              <div class="what">
                <a href={attemptPath(incident.attemptId)}>{incident.workflow}</a>{' '}
                <span class="in">
                  in {incident.project}
                  {incident.task === null ? '' : ` · ${incident.task}`}
                </span>
              </div>
              <p class="why">{sayWhy(incident)}</p>
              <div class="meta">
                <Ago at={incident.at} view={view} />
                <a class="id" href={attemptPath(incident.attemptId)}>
                  attempt {incident.attemptId}
                </a>
              </div>
            </div>
            <div class="acts">
              <a class={index === 0 ? 'btn small primary' : 'btn small'} href={attemptPath(incident.attemptId)}>
                {incident.kind === 'failed' ? 'See why' : 'Decide'}
              </a>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function sayWhy({ kind, why }: Incident): string {
  if (kind === 'unknown')
    return `Its worker fell silent while it ran${why === null ? '' : `: ${why}`}. It may have finished: say what became of it.`
  const [line = ''] = (why ?? 'It failed.').split('\n')
  return line.length > 240 ? `${line.slice(0, 240)}…` : line
}

function Running({ view, running }: { view: View; running: readonly RunningAttempt[] }) {
  const tasks = running.reduce((sum, one) => sum + one.running, 0)
  return (
    <Section
      title="Running"
      note={running.length === 0 ? null : `${countOf(running.length, 'attempt')}, ${countOf(tasks, 'task')}`}
    >
      {running.length === 0 ? (
        <p class="sheet pad quiet">Nothing runs right now.</p>
      ) : (
        <div class="sheet">
          <table class="table fold">
            <thead>
              <tr>
                <th>Attempt</th>
                <th>Now in</th>
                <th class="n">Running</th>
                <th>Of the usual</th>
              </tr>
            </thead>
            <tbody>
              {running.map((one) => (
                <RunningRow view={view} one={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function RunningRow({ view, one }: { view: View; one: RunningAttempt }) {
  const ms = view.now.getTime() - one.startedAt.getTime()
  const share = one.usualMs === null ? null : Math.min(100, Math.round((ms / Math.max(1, one.usualMs)) * 100))
  return (
    <tr>
      <td>
        <span class="row nowrap">
          <Glyph name="run" tone="run" />
          <span>
            <a class="strong" href={attemptPath(one.id)}>
              {one.workflow}
            </a>{' '}
            <span class="quiet">{one.project}</span>
          </span>
        </span>
      </td>
      <td class="w-now full">
        <span class="id">{one.now ?? 'between tasks'}</span>
        {one.running > 1 ? <span class="quiet small"> and {one.running - 1} more</span> : null}
      </td>
      <td class="n">{sayDuration(ms)}</td>
      <td class="w-meter">
        {share === null ? (
          <span class="quiet small">first run</span>
        ) : (
          <svg class="meter" role="img" aria-label={`${share} % of usual time`}>
            <rect class={share < 100 ? 'is-run' : 'is-late'} width={`${share}%`} height="6" />
          </svg>
        )}
      </td>
    </tr>
  )
}

function Deploys({ view, deploys }: { view: View; deploys: readonly ShownDeploy[] }) {
  return (
    <Section title="Deploys">
      <ul class="sheet list">
        {deploys.map((deploy) => {
          const look = DEPLOY_LOOKS[deploy.state]
          return (
            <li>
              <Glyph name={look.glyph} tone={look.tone} />
              <div>
                <div class="row nowrap">
                  <span class="what clip">
                    <a href={deployPath(deploy.project, deploy.id)}>
                      {deploy.project} {deploy.revision === null ? '' : `v${deploy.revision}`}
                    </a>{' '}
                    <span class="in">{look.word}</span>
                  </span>
                  <span class="push quiet small">
                    <When at={deploy.createdAt} view={view} />
                  </span>
                </div>
                <div class="meta clip">
                  <span class="id">{deploy.commit === null ? deploy.branch : shortCommit(deploy.commit)}</span>
                  <span class="clip">{deploy.problem ?? (deploy.message ?? '').split('\n')[0]}</span>
                </div>
              </div>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

function Next({ view, next }: { view: View; next: readonly NextRun[] }) {
  return (
    <Section title="Next">
      {next.length === 0 ? (
        <p class="sheet pad quiet">Nothing is scheduled.</p>
      ) : (
        <div class="sheet">
          <table class="table snug">
            <tbody>
              {next.map(({ project, workflow, runAt }) => (
                <tr>
                  <td class="n">
                    <b class="strong">
                      {runAt.getTime() - view.now.getTime() < 86_400_000 ? (
                        clock(runAt, view.zone)
                      ) : (
                        <When at={runAt} view={view} />
                      )}
                    </b>
                  </td>
                  <td>
                    <a href={workflowPath(project, workflow)}>{workflow}</a>{' '}
                    <a class="quiet" href={projectPath(project)}>
                      {project}
                    </a>
                  </td>
                  <td class="n quiet">{runAt <= view.now ? 'now' : saySpan(runAt.getTime() - view.now.getTime())}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function Workers({ view, workers }: { view: View; workers: readonly ShownWorker[] }) {
  const online = workers.filter(({ status }) => status === 'online')
  const [busy, slots] = [
    online.reduce((sum, one) => sum + one.active, 0),
    online.reduce((sum, one) => sum + one.slots, 0),
  ]
  return (
    <Section title="Workers" note={`${busy} of ${countOf(slots, 'slot')} busy`}>
      {workers.length === 0 ? (
        <p class="sheet pad quiet">No worker was ever heard: start one with sluice worker.</p>
      ) : (
        <div class="sheet">
          <table class="table snug">
            <tbody>
              {workers.slice(0, 8).map((worker) => (
                <tr>
                  <td>
                    <a class="id" href="/workers">
                      {worker.name}
                    </a>
                  </td>
                  <td>
                    <Slots worker={worker} />
                  </td>
                  <td class="n">
                    {worker.status === 'online' ? (
                      `${worker.active} of ${worker.slots}`
                    ) : (
                      <WorkerStatus worker={worker} now={view.now} />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}
