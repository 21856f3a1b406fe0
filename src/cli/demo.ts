import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import type { DeployAnswer, WorkflowAnswer } from '../http/api/answers.ts'
import type { LinkAnswer } from '../http/api/ports.ts'
import { pathOf } from './client.ts'
import { showFollowed } from './follow.ts'
import { initProject, openGit } from './init.ts'
import { credentialWords } from './push.ts'
import { commandWith } from './show.ts'
import { startAttempt } from './start.ts'
import { Failed, type Tools } from './tools.ts'

const PUSHED = 'weather'
const HOOKED = 'hello'

/** `sluice demo`: once the whole path by `git push`, once by a signed webhook. What it makes lies in the home and is used again the next time. */
export function demoCommand(tools: Tools): Command {
  return commandWith('demo', 'Show all of it: deploy and run a project by git push, and one by webhook', [
    'sluice demo',
    'as ./scripts/up --demo does',
  ]).action(async () => {
    await demoPush(tools)
    await demoWebhook(tools)
    tools.say(`\nBoth projects are deployed and have run. Look at them:
  ${tools.client.url}/projects/${PUSHED}    deployed by git push
  ${tools.client.url}/projects/${HOOKED}      deployed by webhook
Sign in as admin, with the password that was printed when the server first started (a new one: sluice admin:reset).`)
  })
}

async function demoPush(tools: Tools): Promise<void> {
  const folder = await makeProject(tools, PUSHED)
  step(tools, `Deploying ${PUSHED}: git push sluice main (in ${folder})`)
  const words = ['git', ...credentialWords(tools), 'push', 'sluice', 'main']
  const { code } = await tools.run(words, { cwd: folder, isShown: true })
  if (code !== 0) throw new Failed()
  await runFirstWorkflow(tools, PUSHED)
}

async function demoWebhook(tools: Tools): Promise<void> {
  const folder = await makeProject(tools, HOOKED)
  const remote = join(tools.host.home, 'demo', `${HOOKED}.git`)
  step(tools, `Linking ${HOOKED} to a repository elsewhere: ${remote}`)
  const commit = await publish(tools, folder, remote)
  const secret = randomBytes(24).toString('base64url')
  const url = pathToFileURL(remote).href
  const link = { url, branch: 'main', secret }
  await tools.client.send<LinkAnswer>('PUT', pathOf('projects', HOOKED, 'link'), link)
  step(tools, `Telling the server of a push to it, by a signed webhook as GitHub sends it`)
  await followDeploy(tools, await deliverPush(tools, secret, { url, commit }))
  await runFirstWorkflow(tools, HOOKED)
}

const step = (tools: Tools, text: string) => tools.say(`\n=====> ${text}`)

/** Keeps what an earlier demo made: a push of the same commit again is welcome, one of another history is not. */
async function makeProject(tools: Tools, name: string): Promise<string> {
  const folder = join(tools.host.home, 'demo', name)
  if (await exists(join(folder, '.git'))) return folder
  step(tools, `Making a project from the template ${name}`)
  await initProject(tools, { folder, template: name, project: name })
  return folder
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

/** Makes the bare repository that plays the forge's part; gives its commit. */
async function publish(tools: Tools, folder: string, remote: string): Promise<string> {
  const git = openGit(tools, folder)
  if (!(await exists(remote))) await git('init', '--quiet', '--bare', '--initial-branch=main', remote)
  await git('push', '--quiet', '--force', remote, 'main')
  return (await git('rev-parse', 'main')).trim()
}

type Pushed = { readonly url: string; readonly commit: string }

async function deliverPush({ client }: Tools, secret: string, { url, commit }: Pushed): Promise<string> {
  const repository = { full_name: `demo/${HOOKED}`, clone_url: url }
  const text = JSON.stringify({
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: commit,
    repository,
    pusher: { name: 'demo' },
  })
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`,
  }
  const { deploy } = await client.deliver<{ deploy: string }>(`/hooks/github/${HOOKED}`, headers, text)
  return deploy
}

/** Shows the deploy's log until its end. */
async function followDeploy(tools: Tools, id: string): Promise<void> {
  for await (const bytes of tools.client.stream(pathOf('deploys', id, 'log'), { follow: '' })) tools.write(bytes)
  const { state, problem } = await tools.client.get<DeployAnswer>(pathOf('deploys', id))
  if (state === 'live') return
  tools.note(`Deploy ${id} is ${state}: ${problem ?? 'its log says why'}`)
  throw new Failed()
}

async function runFirstWorkflow(tools: Tools, project: string): Promise<void> {
  const { workflows } = await tools.client.get<{ workflows: WorkflowAnswer[] }>(
    pathOf('projects', project, 'workflows'),
  )
  const workflow = workflows[0]?.name ?? project
  step(tools, `Running ${project}/${workflow}: sluice start ${project} ${workflow} -f`)
  const attempt = await startAttempt(tools, { project, workflow, session: 'now' })
  tools.say(`Attempt ${attempt.id}: ${tools.client.url}/attempts/${attempt.id}`)
  await showFollowed(tools, attempt.id)
}
