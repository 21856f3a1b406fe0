import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { vi } from 'vitest'
import type {
  AttemptAnswer,
  DeliveryAnswer,
  DeployAnswer,
  TaskAnswer,
  WorkflowAnswer,
} from '../../src/http/api/answers.ts'
import { PASSWORD } from './app.ts'
import { type Forge, makeDelivery } from './forge.ts'
import { makeRepository } from './git.ts'
import { PATIENCE, type Stack } from './stack.ts'

/*
 * What is going on in a stack while one of its parts fails: an attempt, a push that is being built, webhooks.
 */

/** Names of tasks, with the lines that each prints, ten a second. `again` may be repeated, the others may not. */
export const TASKS = { begin: 1, once: 200, again: 200, beside: 150, after: 20, last: 20 } as const
/** They run at the same time, and it is then that a part fails. */
export const TOGETHER = ['once', 'again', 'beside'] as const

const task = (indent: string, name: keyof typeof TASKS, more = '') =>
  `${indent}+${name}:\n${more && `${indent}  ${more}\n`}${indent}  sh>: sh task.sh ${name} ${TASKS[name]}\n`

/** Each start and each end is a line in the workspace's ledger. The first task waits until somebody watches the ledger. */
export const FILES = {
  'steps.dig': [
    'timezone: UTC\n',
    task('', 'begin'),
    '+together:\n  _parallel: true\n',
    task('  ', 'once'),
    task('  ', 'again', '_retry: 3'),
    task('  ', 'beside'),
    task('', 'after'),
    task('', 'last'),
  ].join(''),
  'task.sh': `echo "start $1" >> ledger
waited=0
while [ ! -e watched ] && [ $waited -lt 600 ]; do sleep 0.1; waited=$((waited + 1)); done
line=0
while [ $line -lt $2 ]; do
  echo "line $line of $1"
  sleep 0.1
  line=$((line + 1))
done
echo "end $1" >> ledger
`,
}

export const linesOf = (name: keyof typeof TASKS) =>
  Array.from({ length: TASKS[name] }, (_, line) => `line ${line} of ${name}\n`).join('')

/** Asks until there is an answer that is wanted: for a while there may be nobody who answers. */
export const eventually = <Seen>(look: () => Promise<Seen | undefined | false>): Promise<Seen> =>
  vi.waitFor(async () => {
    const seen = await look()
    if (seen === undefined || seen === false) throw new Error('it has not come')
    return seen
  }, PATIENCE)

export async function openProject({ url, api }: Stack, name: string, files: Readonly<Record<string, string>>) {
  const repository = await makeRepository(files)
  const address = Object.assign(new URL(`${url}/git/${name}.git`), { username: 'admin', password: PASSWORD }).href
  const listDeploys = async () => (await api<{ deploys: DeployAnswer[] }>(`/api/deploys?project=${name}`)).deploys
  return {
    name,
    commit: repository.commit,
    remove: repository.remove,
    startPush: () => repository.start(['push', address, 'main']),
    /** The commit that somebody who clones now gets. */
    published: async () => (await repository.git('ls-remote', address, 'refs/heads/main')).out.slice(0, 40),
    listDeploys,
    start: async (workflow: string) => {
      const { workflows } = await api<{ workflows: WorkflowAnswer[] }>(`/api/workflows?project=${name}`)
      const workflowId = workflows.find((one) => one.name === workflow)?.id
      const body = { workflowId, sessionTime: new Date().toISOString(), params: {} }
      return (await api<AttemptAnswer>('/api/attempts', body)).id
    },
  }
}

export type Project = Awaited<ReturnType<typeof openProject>>
export type Push = ReturnType<Project['startPush']>

/** Of one push: gives how it went live. */
export async function land(project: Project, push: Push, commit: string): Promise<string> {
  if ((await push.ended).code === 0) return 'kept'
  const ended = await eventually(async () => {
    const deploys = await project.listDeploys()
    return deploys.every(({ finishedAt }) => finishedAt !== null) && deploys.find((deploy) => deploy.commit === commit)
  })
  if (ended.state === 'live') return 'lost its pusher, live all the same'
  await eventually(async () => (await project.startPush().ended).code === 0)
  return `${ended.state}, pushed again`
}

export const endOfAttempt = ({ api }: Stack, id: string) =>
  eventually(async () => {
    const attempt = await api<AttemptAnswer>(`/api/attempts/${id}`)
    return attempt.done && attempt
  })

export const tasksOf = async ({ api }: Stack, id: string) =>
  (await api<{ tasks: TaskAnswer[] }>(`/api/attempts/${id}/tasks`)).tasks

/** What all its runs said, without the line before it that says what it is. */
export const logOf = ({ ask }: Stack, id: string, fullName: string) =>
  eventually(async () => {
    const answer = await ask(`/api/attempts/${id}/tasks/${encodeURIComponent(fullName)}/log`)
    return answer.ok && (await answer.text()).replace(/^[-\d]+ [:.\d]+ .*\n/, '')
  })

/** Who has not answered by then will not: a forge waits as long. */
const ANSWER_MS = 10_000

/** True when the stack can work. */
export const isReady = ({ url }: Stack) =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(({ ok }) => ok)

/** A new commit and its webhook each second until stopped; what is not taken is delivered again, as a person does at the forge. */
export function deliver(stack: Stack, forge: Forge, { project, secret }: { project: string; secret: string }) {
  const sent: string[] = []
  let again = 0
  const post = async (init: RequestInit) => {
    const signal = AbortSignal.timeout(ANSWER_MS)
    const answer = await fetch(`${stack.hooks}/hooks/github/${project}`, { ...init, signal }).catch(() => undefined)
    await answer?.text().catch(() => {}) // the web may go away in the middle of it
    return answer?.ok === true
  }
  const one = async () => {
    const id = randomUUID()
    const body = forge.describePush(await forge.commit({ 'delivered.txt': id }))
    for (let isFirst = true; !(await post(makeDelivery(secret, body, id))); isFirst = false) {
      again += 1
      if (isFirst) await sleep(200)
      else await sleep(1000)
    }
    sent.push(id)
  }
  const stopping = new AbortController()
  const going = (async () => {
    while (!stopping.signal.aborted) {
      await one()
      await sleep(1000, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()
  return {
    /** After the end of every deploy: ids of deliveries without one that has deployed, or has left it to a later one. */
    stop: async () => {
      stopping.abort()
      await going
      const without = await eventually(() => findUndeployed(stack, project, sent))
      return { sent: sent.length, again, without }
    },
  }
}

async function findUndeployed({ api }: Stack, project: string, sent: readonly string[]) {
  const { deliveries } = await api<{ deliveries: DeliveryAnswer[] }>(`/api/deliveries?project=${project}&count=100`)
  const { deploys } = await api<{ deploys: DeployAnswer[] }>(`/api/deploys?project=${project}&count=100`)
  if (deploys.some(({ finishedAt }) => finishedAt === null)) return undefined
  const ends = new Map(deploys.map(({ id, state }) => [`${id}`, state]))
  const deployOf = new Map(deliveries.map(({ externalId, deployId }) => [externalId, deployId]))
  return sent.filter((id) => {
    const end = ends.get(deployOf.get(id) ?? '')
    return end !== 'live' && end !== 'replaced'
  })
}
