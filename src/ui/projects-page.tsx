import type { ShownProjectRow } from '../shown/project.ts'
import { countOf, shortCommit } from './format.ts'
import { CopyLine, When } from './parts.tsx'
import { projectPath, Shell, type View } from './shell.tsx'
import { DEPLOY_LOOKS, type Look, State } from './states.tsx'

type ProjectsPageProps = {
  readonly view: View
  readonly projects: readonly ShownProjectRow[]
  /** Goes on after this name; null: that was all. */
  readonly next: string | null
  readonly address: string
}

export function ProjectsPage({ view, projects, next, address }: ProjectsPageProps) {
  const count = view.rail.projects.length
  return (
    <Shell view={view} title="Projects" place="projects" crumbs={[{ word: 'Projects' }]}>
      <div class="head">
        <div>
          <h1 class="headline">{count === 0 ? 'No project yet.' : `${countOf(count, 'project')}.`}</h1>
          <p class="lede">A project is a repository that is deployed here. The first push makes it.</p>
        </div>
      </div>
      <div class="stack">
        {projects.length === 0 ? null : (
          <div class="sheet">
            <ProjectTable view={view} projects={projects} />
            {next === null ? null : (
              <div class="foot">
                <a class="link" href={`?after=${encodeURIComponent(next)}`}>
                  More projects
                </a>
              </div>
            )}
          </div>
        )}
        <CopyLine text={`git remote add sluice ${address}/git/PROJECT.git`} />
      </div>
    </Shell>
  )
}

function ProjectTable({ view, projects }: Pick<ProjectsPageProps, 'view' | 'projects'>) {
  const looks = new Map(view.rail.projects.map(({ name, look }) => [name, look]))
  return (
    <table class="table fold">
      <thead>
        <tr>
          <th>Project</th>
          <th>State</th>
          <th>Live</th>
          <th>Newest deploy</th>
          <th class="n">Workflows</th>
          <th class="n">Next run</th>
        </tr>
      </thead>
      <tbody>
        {projects.map((project) => (
          <ProjectRow view={view} project={project} look={looks.get(project.name)} />
        ))}
      </tbody>
    </table>
  )
}

function ProjectRow({ view, project, look }: { view: View; project: ShownProjectRow; look: Look | undefined }) {
  return (
    <tr>
      <td>
        <a href={projectPath(project.name)}>{project.name}</a>
      </td>
      <td>{look === undefined ? null : <State look={look} />}</td>
      <td class="full">
        <Live view={view} project={project} />
      </td>
      <td class="hide-phone">
        {project.deployState === null ? '–' : <State look={DEPLOY_LOOKS[project.deployState]} />}
      </td>
      <td class="n hide-phone">{project.workflows}</td>
      <td class="n" data-l="next">
        {project.nextRunAt === null ? '–' : <When at={project.nextRunAt} view={view} />}
      </td>
    </tr>
  )
}

function Live({ view, project: { revision, liveAt, commit } }: { view: View; project: ShownProjectRow }) {
  if (revision === null || liveAt === null) return <span class="quiet">nothing yet</span>
  return (
    <>
      <b class="strong">v{revision}</b> <span class="id">{commit === null ? '' : shortCommit(commit)}</span>{' '}
      <span class="quiet small">
        since <When at={liveAt} view={view} />
      </span>
    </>
  )
}
