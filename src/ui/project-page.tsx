import type { ShownProject, ShownWorkflow } from '../shown/project.ts'
import { HELD } from '../workflow/schedule-words.ts'
import { DeployRows } from './deploy-rows.tsx'
import { countOf, sayDuration, shortCommit } from './format.ts'
import { Glyph, Icon } from './glyph.tsx'
import { LinkSection } from './link-section.tsx'
import { Ago, AsksForPassword, CopyLine, Section, When } from './parts.tsx'
import { type ProjectPageProps, whyNoNext } from './project.ts'
import { attemptPath, deployPath, Hidden, projectPath, Shell, type View, workflowPath } from './shell.tsx'
import { Spark } from './spark.tsx'
import { ATTEMPT_LOOKS, Chip, DEPLOY_LOOKS, State } from './states.tsx'

export function ProjectPage({ view, props }: { view: View; props: ProjectPageProps }) {
  const { project } = props
  return (
    <Shell
      view={view}
      title={project.name}
      place="projects"
      project={project.name}
      crumbs={[{ word: 'Projects', href: '/projects' }, { word: project.name }]}
      events={`/events/projects/${encodeURIComponent(project.name)}`}
    >
      {Object.values(projectParts({ view, props }))}
      <div class="cols after">
        <div class="stack">
          <PushHere project={project} address={props.address} />
          <LinkSection view={view} props={props} />
        </div>
        <About view={view} project={project} />
      </div>
    </Shell>
  )
}

export function projectParts({ view, props }: { view: View; props: ProjectPageProps }) {
  return {
    head: <Head view={view} props={props} />,
    opened: <OpenDeploy props={props} view={view} />,
    workflows: <Workflows view={view} props={props} />,
    deploys: <Deploys view={view} props={props} />,
  }
}

function Head({ view, props: { project, workflows } }: { view: View; props: ProjectPageProps }) {
  const failing = workflows.filter(({ last }) => last?.state === 'error').length
  const scheduled = workflows.filter(({ schedule }) => schedule !== null).length
  return (
    <div class="head" id="head">
      <div>
        <h1 class="title">
          {project.name}
          {failing === 0 ? null : (
            <Chip
              look={ATTEMPT_LOOKS.error}
              word={`${countOf(failing, 'workflow')} ${failing === 1 ? 'fails' : 'fail'}`}
            />
          )}
        </h1>
        {project.revision === null ? (
          <p class="sub">Nothing is live yet.</p>
        ) : (
          <p class="sub">
            <span>
              <Glyph name="live" tone="run" />
              <b class="strong">v{project.revision.number}</b> live since{' '}
              <When at={project.revision.createdAt} view={view} />
            </span>
            {project.revision.commit === null ? null : (
              <span>
                <Icon name="commit" />
                <span class="id">{shortCommit(project.revision.commit)}</span> {firstLine(project.revision.message)}
              </span>
            )}
            <span>
              {countOf(workflows.length, 'workflow')}, {countOf(scheduled, 'schedule')}
            </span>
          </p>
        )}
      </div>
    </div>
  )
}

/** What is being deployed right now. */
function OpenDeploy({ view, props: { deploys } }: { view: View; props: ProjectPageProps }) {
  const open = deploys.find(({ finishedAt }) => finishedAt === null)
  if (open === undefined) return <div id="opened"></div>
  const look = DEPLOY_LOOKS[open.state]
  return (
    <div class="part" id="opened">
      <div class={`notice is-${look.tone}`}>
        <Glyph name={look.glyph} tone={look.tone} />
        <span>
          <b>{open.commit === null ? open.branch : shortCommit(open.commit)} is on its way</b>,{' '}
          {look.word.toLowerCase()} for {sayDuration(view.now.getTime() - open.createdAt.getTime())}. Running attempts
          stay on their revision.
        </span>
        <div class="acts">
          <a class="btn small" href={deployPath(open.project, open.id)}>
            Follow
          </a>
        </div>
      </div>
    </div>
  )
}

function Workflows({ view, props: { project, workflows } }: { view: View; props: ProjectPageProps }) {
  return (
    <Section title="Workflows" id="workflows" note={workflows.length === 0 ? null : 'height is duration, newest right'}>
      {workflows.length === 0 ? (
        <p class="sheet pad quiet">
          {project.revision === null
            ? 'They appear with the first revision that goes live.'
            : 'This revision has no workflow: add a .dig file.'}
        </p>
      ) : (
        <div class="sheet">
          <table class="table fold">
            <thead>
              <tr>
                <th>Workflow</th>
                <th>Last 30</th>
                <th>Last outcome</th>
                <th class="n">Median</th>
                <th class="n">Next</th>
                <th>
                  <span class="sr">Start</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {workflows.map((workflow) => (
                <WorkflowRow view={view} project={project.name} workflow={workflow} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function Next({ view, workflow }: { view: View; workflow: ShownWorkflow }) {
  const why = whyNoNext(workflow)
  if (why !== null) return why
  return workflow.nextRunAt === null ? '–' : <When at={workflow.nextRunAt} view={view} />
}

/** A held schedule would look like one that is late. */
function Held({ workflow: { isPaused, heldScheduleId, elsewhere } }: { workflow: ShownWorkflow }) {
  if (isPaused || heldScheduleId === null || elsewhere !== null) return null
  return (
    <p class="small">
      {HELD}; <code>sluice schedules:enable {heldScheduleId} --skip</code>
    </p>
  )
}

function LastOutcome({ view, last }: { view: View; last: ShownWorkflow['last'] }) {
  if (last === null) return <span class="quiet">Not run yet</span>
  return (
    <span class="row nowrap">
      <a class="plain" href={attemptPath(last.id)}>
        <State look={ATTEMPT_LOOKS[last.state]} />
      </a>
      <span class="quiet small">
        <When at={last.startedAt} view={view} />
      </span>
    </span>
  )
}

function WorkflowRow({ view, project, workflow }: { view: View; project: string; workflow: ShownWorkflow }) {
  const { name, last, recent, schedule } = workflow
  return (
    <tr>
      <td>
        <a href={workflowPath(project, name)}>{name}</a>{' '}
        <span class="quiet small nowrap hide-phone">{schedule ?? 'by hand'}</span>
        <Held workflow={workflow} />
      </td>
      <td class="full-phone">
        <Spark outcomes={recent} />
      </td>
      <td>
        <LastOutcome view={view} last={last} />
      </td>
      <td class="n hide-phone">{medianOf(recent.filter(({ state }) => state === 'success').map(({ ms }) => ms))}</td>
      <td class="n" data-l="next">
        <Next view={view} workflow={workflow} />
      </td>
      <td class="n hide-phone">
        <form class="plain" method="post" action={`${workflowPath(project, name)}/start`}>
          <Hidden view={view} />
          <button type="submit" class="btn small square" aria-label={`Start ${name}`} title={`Start ${name}`}>
            <Icon name="play" />
          </button>
        </form>
      </td>
    </tr>
  )
}

function Deploys({ view, props: { project, deploys } }: { view: View; props: ProjectPageProps }) {
  return (
    <Section title="Deploys" id="deploys">
      {deploys.length === 0 ? (
        <p class="sheet pad quiet">Nothing was pushed yet.</p>
      ) : (
        <div class="sheet">
          <DeployRows view={view} deploys={deploys} />
          <div class="foot">
            <a class="link" href={`${projectPath(project.name)}/deploys`}>
              All deploys
            </a>
          </div>
        </div>
      )}
    </Section>
  )
}

function PushHere({ project, address }: { project: ShownProject; address: string }) {
  return (
    <Section title="Push here">
      <div class="stack close">
        <CopyLine text={`git remote add sluice ${address}/git/${project.name}.git`} />
        <CopyLine text={`git push sluice ${project.branch ?? 'main'}`} />
        <AsksForPassword />
      </div>
    </Section>
  )
}

function About({ view, project }: { view: View; project: ShownProject }) {
  return (
    <Section title="About">
      <div class="sheet pad">
        <dl class="facts">
          <dt>Live</dt>
          <dd>{project.revision === null ? 'Nothing yet' : `v${project.revision.number}`}</dd>
          <dt>Branch</dt>
          <dd>{project.branch === null ? 'the first that is pushed' : <code>{project.branch}</code>}</dd>
          {project.revision === null ? null : (
            <>
              <dt>By</dt>
              <dd>
                {project.revision.author ?? 'unknown'}, <Ago at={project.revision.createdAt} view={view} />
              </dd>
            </>
          )}
          <dt>Linked</dt>
          <dd>{project.link === null ? 'No' : project.link.url}</dd>
        </dl>
      </div>
    </Section>
  )
}

const firstLine = (message: string | null) => (message ?? '').split('\n')[0]

function medianOf(durations: readonly number[]): string {
  const middle = [...durations].sort((a, b) => a - b)[Math.floor(durations.length / 2)]
  return middle === undefined ? '–' : sayDuration(middle)
}
