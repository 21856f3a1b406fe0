import type { ShownDeploy } from '../shown/deploy.ts'
import type { Incident, NextRun, RunningAttempt, WorkflowCounts } from '../shown/overview.ts'
import type { ShownWorker } from '../shown/worker.ts'
import { FirstRun } from './first-run.tsx'
import { clock, countOf, sayIn, saySpan, shortCommit } from './format.ts'
import { Glyph } from './glyph.tsx'
import { Running } from './overview-running.tsx'
import { Ago, Following, Section, When } from './parts.tsx'
import { attemptPath, deployPath, projectPath, Shell, type View, workflowPath } from './shell.tsx'
import { lookOfDeploy } from './states.tsx'
import { Slots, WorkerStatus } from './worker-table.tsx'

export type OverviewProps = {
  readonly hasProjects: boolean
  readonly incidents: readonly Incident[]
  readonly running: readonly RunningAttempt[]
  readonly next: readonly NextRun[]
  readonly workflows: WorkflowCounts
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
                <a href={pathTo(incident)}>{incident.workflow}</a>{' '}
                <span class="in">
                  in {incident.project}
                  {incident.task === null ? '' : ` · ${incident.task}`}
                </span>
              </div>
              <p class="why">{sayWhy(incident)}</p>
              <div class="meta">
                <Ago at={incident.at} view={view} />
                {incident.attemptId === null ? null : (
                  <a class="id" href={pathTo(incident)}>
                    attempt {incident.attemptId}
                  </a>
                )}
              </div>
            </div>
            <div class="acts">
              <a class={index === 0 ? 'btn small primary' : 'btn small'} href={pathTo(incident)}>
                {incident.kind === 'failed' ? 'See why' : 'Decide'}
              </a>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

const pathTo = ({ attemptId, project, workflow }: Incident) =>
  attemptId === null ? workflowPath(project, workflow) : attemptPath(attemptId)

function sayWhy({ kind, why }: Incident): string {
  if (kind === 'held') return 'Its schedule missed sessions: make them up, or leave them out.'
  if (kind === 'unknown')
    return `Its worker fell silent while it ran${why === null ? '' : `: ${why}`}. It may have finished: say what became of it.`
  if (kind === 'refused') return `Its schedule could not start a session, and tries again: ${why}`
  const [line = ''] = (why ?? 'It failed.').split('\n')
  return line.length > 240 ? `${line.slice(0, 240)}…` : line
}

function Deploys({ view, deploys }: { view: View; deploys: readonly ShownDeploy[] }) {
  return (
    <Section title="Deploys">
      <ul class="sheet list">
        {deploys.map((deploy) => {
          const look = lookOfDeploy(deploy)
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
  const online = workers.filter(({ state }) => state === 'online')
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
              {mostTelling(workers).map((worker) => (
                <WorkerRow worker={worker} now={view.now} />
              ))}
              {workers.length > MOST_WORKERS ? (
                <tr>
                  <td colspan={3}>
                    <a class="link" href="/workers">
                      All {workers.length} workers
                    </a>
                  </td>
                </tr>
              ) : null}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

const WorkerRow = ({ worker, now }: { worker: ShownWorker; now: View['now'] }) => (
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
      {worker.state === 'online' ? `${worker.active} of ${worker.slots}` : <WorkerStatus worker={worker} now={now} />}
    </td>
  </tr>
)

const MOST_WORKERS = 8
const TELLING = ['gone', 'draining', 'online', 'stopped'] as const satisfies readonly ShownWorker['state'][]

/** In a large fleet those that are not as they should be. */
function mostTelling(workers: readonly ShownWorker[]): readonly ShownWorker[] {
  if (workers.length <= MOST_WORKERS) return workers
  return TELLING.flatMap((state) => workers.filter((worker) => worker.state === state)).slice(0, MOST_WORKERS)
}
