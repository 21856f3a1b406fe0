import type { ShownDeploy } from '../shown/deploy.ts'
import type { ShownProject } from '../shown/project.ts'
import { DeployRows } from './deploy-rows.tsx'
import { projectPath, Shell, type View } from './shell.tsx'

type DeploysPageProps = {
  readonly view: View
  readonly project: ShownProject
  readonly deploys: readonly ShownDeploy[]
  /** Goes on below this one; null: that was all. */
  readonly older: string | null
}

export function DeploysPage({ view, project, deploys, older }: DeploysPageProps) {
  return (
    <Shell
      view={view}
      title={`Deploys of ${project.name}`}
      place="projects"
      project={project.name}
      crumbs={[
        { word: 'Projects', href: '/projects' },
        { word: project.name, href: projectPath(project.name) },
        { word: 'Deploys' },
      ]}
    >
      <div class="head">
        <h1 class="title">Deploys of {project.name}</h1>
      </div>
      {deploys.length === 0 ? (
        <p class="sheet pad quiet">Nothing was pushed yet.</p>
      ) : (
        <div class="sheet">
          <DeployRows view={view} deploys={deploys} />
          {older === null ? null : (
            <div class="foot">
              <a class="link" href={`?before=${older}`}>
                Older deploys
              </a>
            </div>
          )}
        </div>
      )}
    </Shell>
  )
}
