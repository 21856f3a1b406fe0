import type { ShownSkip, ShownWorkflow } from '../shown/project.ts'
import type { ShownSession } from '../shown/session.ts'
import { HELD, SKIPPED } from '../workflow/schedule-words.ts'
import { Act, Confirm } from './confirm.tsx'
import { clock, countOf, dateOf, sayDuration, sayIn, saySession } from './format.ts'
import { Icon } from './glyph.tsx'
import { Following, Section, When } from './parts.tsx'
import { whyNoNext } from './project.ts'
import { attemptPath, projectPath, Shell, type View, workflowPath } from './shell.tsx'
import { Spark } from './spark.tsx'
import { ATTEMPT_LOOKS, Chip, State } from './states.tsx'
import { type ShownGraph, WorkflowGraph } from './workflow-graph.tsx'

export type WorkflowPageProps = {
  readonly project: string
  readonly workflow: ShownWorkflow
  readonly revision: number
  readonly next: readonly { readonly runAt: Date; readonly sessionTime: Date }[]
  /** The last that its schedule left out, newest first. */
  readonly skips: readonly ShownSkip[]
  /** Newest first. */
  readonly sessions: readonly ShownSession[]
  /** Goes on below this one; null: that was all. */
  readonly older: string | null
}

type Props = { readonly view: View; readonly props: WorkflowPageProps }

export function WorkflowPage({ view, props, graph }: Props & { readonly graph: ShownGraph }) {
  const path = workflowPath(props.project, props.workflow.name)
  return (
    <Shell
      view={view}
      title={`${props.workflow.name} of ${props.project}`}
      place="projects"
      project={props.project}
      crumbs={[
        { word: 'Projects', href: '/projects' },
        { word: props.project, href: projectPath(props.project) },
        { word: props.workflow.name },
      ]}
      events={`/events${path}`}
    >
      <div class="head">
        {Object.values(workflowParts({ view, props })).slice(0, 1)}
        <div class="actions row">
          <Start view={view} props={props} />
        </div>
      </div>
      <WorkflowGraph graph={graph} project={props.project} revision={props.revision} />
      <div class="cols">
        <Sessions view={view} props={props} />
        <div>
          <Next view={view} props={props} />
          <LeftOut props={props} />
        </div>
      </div>
    </Shell>
  )
}

function Start({ view, props: { project, workflow, revision } }: Props) {
  return (
    <Confirm
      view={view}
      id="start"
      label={
        <>
          <Icon name="play" />
          Start
        </>
      }
      question={`Start ${workflow.name} now, on v${revision}? Its session time is this moment.`}
      action={`${workflowPath(project, workflow.name)}/start`}
      verb="Start it"
    />
  )
}

export function workflowParts({ view, props }: Props) {
  return { head: <Head view={view} props={props} />, sessions: <Sessions view={view} props={props} /> }
}

function Head({ view, props: { workflow } }: Props) {
  const ended = workflow.recent.filter(({ state }) => state === 'success' || state === 'error')
  const passed = ended.filter(({ state }) => state === 'success').length
  return (
    <div id="head">
      <h1 class="title">
        {workflow.name} {workflow.last === null ? null : <Chip look={ATTEMPT_LOOKS[workflow.last.state]} />}
      </h1>
      <p class="sub">
        <span>{workflow.schedule === null ? 'Started by hand' : <code>{workflow.schedule}</code>}</span>
        <span>{workflow.timezone}</span>
        {ended.length === 0 ? null : (
          <span>
            {passed} of the last {ended.length} passed
          </span>
        )}
        {workflow.nextRunAt === null || whyNoNext(workflow) !== null ? null : (
          <span>
            <Icon name="clock" />
            next {sayIn(workflow.nextRunAt, view.now)}
          </span>
        )}
        <Following />
      </p>
    </div>
  )
}

function Sessions({ view, props }: Props) {
  const { sessions, workflow, older } = props
  return (
    <Section title="Sessions" id="sessions" note={sessions.length === 0 ? null : <Spark outcomes={workflow.recent} />}>
      {sessions.length === 0 ? (
        <p class="sheet pad quiet">It has not run yet.</p>
      ) : (
        <div class="sheet">
          <table class="table fold">
            <thead>
              <tr>
                <th>Session</th>
                <th>Outcome</th>
                <th class="n">Took</th>
                <th class="n">Attempt</th>
                <th>By</th>
                <th class="n">Revision</th>
                <th class="n">Started</th>
              </tr>
            </thead>
            <tbody>
              {sessions.map((session) => (
                <SessionRow view={view} session={session} zone={workflow.timezone} />
              ))}
            </tbody>
          </table>
          {older === null ? null : (
            <div class="foot">
              <a class="link" href={`?before=${older}`}>
                Older sessions
              </a>
            </div>
          )}
        </div>
      )}
    </Section>
  )
}

function SessionRow({ view, session, zone }: { view: View; session: ShownSession; zone: string }) {
  const took = (session.finishedAt ?? view.now).getTime() - session.createdAt.getTime()
  return (
    <tr data-session={session.id} data-state={session.state}>
      <td>
        <a href={attemptPath(session.attemptId)}>{saySession(session.sessionTime, zone)}</a>
      </td>
      <td>
        <State look={ATTEMPT_LOOKS[session.state]} />
      </td>
      <td class="n" data-l="took">
        {sayDuration(took)}
      </td>
      <td class="n hide-phone">
        <a class="id" href={attemptPath(session.attemptId)}>
          {session.attemptId}
        </a>
        {session.attempts > 1 ? <span class="quiet small"> of {session.attempts}</span> : null}
      </td>
      <td class="small quiet hide-phone">{session.startedBy}</td>
      <td class="n hide-phone">v{session.revision}</td>
      <td class="n small quiet hide-phone">
        <When at={session.createdAt} view={view} />
      </td>
    </tr>
  )
}

function sayWhyNone({ isPaused, heldScheduleId, elsewhere, nextSessionTime, timezone }: ShownWorkflow): string {
  if (elsewhere !== null) return `Its schedule runs only in ${elsewhere.join(', ')}.`
  if (isPaused) return 'Its schedule is switched off.'
  if (heldScheduleId === null) return 'No schedule. Start it by hand, or add schedule: to it.'
  const first = nextSessionTime === null ? '' : ` The first is that of ${saySession(nextSessionTime, timezone)}.`
  return `Its schedule is ${HELD}.${first} Make them up, or leave them out: sluice schedules:enable ${heldScheduleId} --skip`
}

function Switch({ view, props: { project, workflow } }: Props) {
  const action = `${workflowPath(project, workflow.name)}/schedule`
  const isHeld = !workflow.isPaused && workflow.heldScheduleId !== null
  return workflow.isPaused || isHeld ? (
    <span class="row">
      {isHeld ? (
        <Act view={view} action={action} label="Make them up" look="small" fields={{ switch: 'make-up' }} />
      ) : null}
      <Act view={view} action={action} label="Switch on from now" look="small" fields={{ switch: 'on' }} />
    </span>
  ) : (
    <Act view={view} action={action} label="Switch off" look="small" fields={{ switch: 'off' }} />
  )
}

function Next({ view, props }: Props) {
  const { next, workflow } = props
  return (
    <Section
      title="Next runs"
      note={next.length === 0 ? null : countOf(next.length, 'run')}
      side={workflow.schedule === null ? undefined : <Switch view={view} props={props} />}
    >
      <Waiting view={view} workflow={workflow} />
      <Refused workflow={workflow} />
      {next.length === 0 ? (
        <p class="sheet pad quiet">{sayWhyNone(workflow)}</p>
      ) : (
        <div class="sheet">
          <table class="table">
            <tbody>
              {next.map(({ runAt, sessionTime }) => (
                <tr>
                  <td class="nowrap">
                    <b class="strong">
                      <When at={runAt} view={view} />
                    </b>
                  </td>
                  <td class="small quiet nowrap" title={`Session time: ${saySession(sessionTime, workflow.timezone)}`}>
                    for {dateOf(sessionTime, workflow.timezone)}, {clock(sessionTime, workflow.timezone)}
                  </td>
                  <td class="n quiet hide-phone">{sayIn(runAt, view.now)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function Waiting({
  view,
  workflow: { waitingSince, nextSessionTime, timezone },
}: {
  view: View
  workflow: ShownWorkflow
}) {
  if (waitingSince === null || nextSessionTime === null) return null
  return (
    <p class="sheet pad">
      The session of {saySession(nextSessionTime, timezone)} waits since <When at={waitingSince} view={view} /> until
      what runs of this workflow has ended.
    </p>
  )
}

function Refused({ workflow: { refusedBecause, nextSessionTime, timezone } }: { workflow: ShownWorkflow }) {
  if (refusedBecause === null || nextSessionTime === null) return null
  return (
    <p class="sheet pad">
      The session of {saySession(nextSessionTime, timezone)} could not be started, and is tried every ten minutes:{' '}
      {refusedBecause}
    </p>
  )
}

function LeftOut({ props: { skips, workflow } }: Pick<Props, 'props'>) {
  if (skips.length === 0) return null
  return (
    <Section title="Left out" note={`the last ${skips.length}`}>
      <div class="sheet">
        <table class="table">
          <tbody>
            {skips.map(({ sessionTime, because }) => (
              <tr>
                <td class="nowrap">{saySession(sessionTime, workflow.timezone)}</td>
                <td class="small quiet">{SKIPPED[because]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  )
}
