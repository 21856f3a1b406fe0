import type { ShownDeploy } from '../shown/deploy.ts'
import { shortCommit } from './format.ts'
import { When } from './parts.tsx'
import { deployPath, type View } from './shell.tsx'
import { lookOfDeploy, State } from './states.tsx'

export function DeployRows({ view, deploys }: { view: View; deploys: readonly ShownDeploy[] }) {
  return (
    <table class="table fold">
      <thead>
        <tr>
          <th>Revision</th>
          <th>Commit</th>
          <th>What came of it</th>
          <th class="n">When</th>
        </tr>
      </thead>
      <tbody>
        {deploys.map((deploy) => (
          <tr>
            <td>
              <span class="row nowrap">
                <a class="strong rev" href={deployPath(deploy.project, deploy.id)}>
                  {deploy.revision === null ? '–' : `v${deploy.revision}`}
                </a>
                <State look={lookOfDeploy(deploy)} />
              </span>
            </td>
            <td class="full">
              <span class="row nowrap">
                {deploy.message === null ? null : <span class="clip">{deploy.message.split('\n')[0]}</span>}
                <a class="id" href={deployPath(deploy.project, deploy.id)}>
                  {deploy.commit === null ? deploy.branch : shortCommit(deploy.commit)}
                </a>
              </span>
            </td>
            <td class="quiet small full">{whatCame(deploy)}</td>
            <td class="n small quiet hide-phone">
              <When at={deploy.createdAt} view={view} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function whatCame({ state, hasBuild, problem, pushedBy, author }: ShownDeploy): string {
  if (problem !== null) return problem
  if (state !== 'live') return `by ${pushedBy ?? author ?? 'a webhook'}`
  return hasBuild ? 'image built' : 'code only, no build'
}
