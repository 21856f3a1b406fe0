import type { ShownLink } from '../shown/project.ts'
import { Ago, CopyLine, Section } from './parts.tsx'
import type { ProjectPageProps } from './project.ts'
import { Hidden, projectPath, type View } from './shell.tsx'

/** Pushes to a repository elsewhere are deployed here too, told by its webhook. */
export function LinkSection({ view, props }: { view: View; props: ProjectPageProps }) {
  const { project, newLink, address } = props
  const hook = `${address}/hooks/github/${encodeURIComponent(project.name)}`
  return (
    <Section title="Linked repository" id="link">
      <div class="sheet pad stack tight">
        {project.link === null ? (
          <p class="soft">Sluice can also deploy what is pushed to a repository on GitHub.</p>
        ) : (
          <Linked view={view} link={project.link} hook={hook} />
        )}
        {newLink === null || newLink.newSecret === null ? null : <Once secret={newLink.newSecret} />}
        <LinkForm view={view} props={props} />
      </div>
    </Section>
  )
}

function Linked({ view, link, hook }: { view: View; link: ShownLink; hook: string }) {
  return (
    <>
      <dl class="facts">
        <dt>Repository</dt>
        <dd class="mono">{link.url}</dd>
        <dt>Linked</dt>
        <dd>
          <Ago at={link.createdAt} view={view} /> by {link.createdBy}
        </dd>
      </dl>
      <div class="field">
        <span class="hint">Webhook: paste this address on GitHub, content type application/json, event “push”.</span>
        <CopyLine text={hook} prompt="" />
      </div>
      {link.publicKey === null ? null : (
        <div class="field">
          <span class="hint">Deploy key: add it to the repository, read only.</span>
          <CopyLine text={link.publicKey} prompt="" />
        </div>
      )}
      {link.hostKeys.length === 0 ? null : (
        <div class="field">
          <span class="hint">Its host is trusted by these keys alone: compare them with what it publishes.</span>
          {link.hostKeys.map((key) => (
            <span class="mono small">{key}</span>
          ))}
        </div>
      )}
    </>
  )
}

function Once({ secret }: { secret: string }) {
  return (
    <div class="field">
      <span class="hint">
        <b class="strong">The webhook’s secret. It is shown this once.</b>
      </span>
      <CopyLine text={secret} prompt="" />
    </div>
  )
}

function LinkForm({ view, props: { project } }: { view: View; props: ProjectPageProps }) {
  return (
    <details class="inset" id="link-form">
      <summary class="link small">{project.link === null ? 'Link a repository' : 'Link another one'}</summary>
      <form method="post" action={`${projectPath(project.name)}/link`} class="stack tight form">
        <Hidden view={view} />
        <div class="field">
          <label for="link-url">Clone URL</label>
          <input
            class="input mono"
            id="link-url"
            name="url"
            required
            placeholder="https://github.com/you/weather.git"
          />
          <span class="hint">https, or ssh with a deploy key that Sluice makes.</span>
        </div>
        <div class="field">
          <label for="link-branch">Branch</label>
          <input class="input mono" id="link-branch" name="branch" value={project.branch ?? 'main'} />
        </div>
        <div class="field">
          <label for="link-secret">Webhook secret</label>
          <input class="input mono" id="link-secret" name="secret" type="password" autocomplete="off" />
          <span class="hint">Leave it empty: Sluice makes one and shows it once.</span>
        </div>
        <div>
          <button type="submit" class="btn">
            Link it
          </button>
        </div>
      </form>
    </details>
  )
}
