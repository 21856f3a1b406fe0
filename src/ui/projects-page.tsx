import type { ShownProjectRow } from '../shown/project.ts'
import { countOf, shortCommit } from './format.ts'
import { CopyLine, When } from './parts.tsx'
import { projectPath, Shell, type View } from './shell.tsx'
import { DEPLOY_LOOKS, State } from './states.tsx'

export function ProjectsPage({
  view,
  projects,
  address,
}: {
  view: View
  projects: readonly ShownProjectRow[]
  address: string
}) {
  const looks = new Map(view.rail.projects.map(({ name, look }) => [name, look]))
  return (
    <Shell view={view} title="Projects" place="projects" crumbs={[{ word: 'Projects' }]}>
      <div class="head">
        <div>
          <h1 class="headline">
            {projects.length === 0 ? 'No project yet.' : `${countOf(projects.length, 'project')}.`}
          </h1>
          <p class="lede">A project is a repository that is deployed here. The first push makes it.</p>
        </div>
      </div>
      <div class="stack">
        {projects.length === 0 ? null : (
          <div class="sheet">
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
                {projects.map((project) => {
                  const look = looks.get(project.name)
                  return (
                    <tr>
                      <td>
                        <a href={projectPath(project.name)}>{project.name}</a>
                      </td>
                      <td>{look === undefined ? null : <State look={look} />}</td>
                      <td class="full">
                        {project.revision === null || project.liveAt === null ? (
                          <span class="quiet">nothing yet</span>
                        ) : (
                          <>
                            <b class="strong">v{project.revision}</b>{' '}
                            <span class="id">{project.commit === null ? '' : shortCommit(project.commit)}</span>{' '}
                            <span class="quiet small">
                              since <When at={project.liveAt} view={view} />
                            </span>
                          </>
                        )}
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
                })}
              </tbody>
            </table>
          </div>
        )}
        <CopyLine text={`git remote add sluice ${address}/git/PROJECT.git`} />
      </div>
    </Shell>
  )
}
