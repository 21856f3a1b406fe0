import type { ShownTask } from '../shown/attempt.ts'
import type { AttemptPageProps } from './attempt.ts'
import { clockSeconds, sayDuration, sayWhen, shortCommit } from './format.ts'
import { Glyph, Icon } from './glyph.tsx'
import { attemptPath, type View } from './shell.tsx'

/** What killed it, what changed since it last passed, its last lines. The first failed task has it; the others are in the tree. */
export function Cause({ view, task, props }: { view: View; task: ShownTask; props: AttemptPageProps }) {
  return (
    <section class="mortem" aria-labelledby="cause">
      <WhatKilledIt view={view} task={task} />
      <div class={props.lastLines.length === 0 ? 'grid3 grid2' : 'grid3'}>
        <WhatItSaid task={task} attemptId={props.attempt.id} />
        {props.lastLines.length === 0 ? null : (
          <section>
            <h3>Last lines</h3>
            <pre class="tail">{props.lastLines.join('\n')}</pre>
          </section>
        )}
        <section>
          <h3>What changed since it last passed</h3>
          <Changed view={view} props={props} />
        </section>
      </div>
      <div class="next">
        <p>
          <Icon name="bulb" />
          <span>
            “Retry failed” runs this task and what did not run yet; what succeeded is not run again. Try it on your
            machine: <code>sluice run {props.attempt.workflow}.dig</code>
          </span>
        </p>
      </div>
    </section>
  )
}

function WhatKilledIt({ view, task }: { view: View; task: ShownTask }) {
  const last = task.runs.at(-1)
  return (
    <div class="cause">
      <Glyph name="fail" tone="fail" />
      <div>
        <h2 id="cause">
          {task.fullName} {task.exitCause ?? 'failed'}
          {task.runs.length > 1 ? `, after ${task.runs.length} tries` : ''}.
        </h2>
        <p>{last === undefined ? `At ${clockSeconds(task.changedAt, view.zone)}.` : whenAndWhere(task, last, view)}</p>
      </div>
    </div>
  )
}

function WhatItSaid({ task, attemptId }: { task: ShownTask; attemptId: string }) {
  const [message = 'It failed.', ...more] = (task.error ?? '').split('\n').filter((line) => line.trim() !== '')
  return (
    <section>
      <h3>What it said</h3>
      <pre class="tail">{message}</pre>
      {more.length === 0 ? null : <pre class="tail quiet">{more.slice(0, 6).join('\n')}</pre>}
      <p>
        <a class="link small" href={`${attemptPath(attemptId)}?task=${task.id}#log`}>
          Read its log
        </a>
      </p>
    </section>
  )
}

function whenAndWhere(task: ShownTask, run: { startedAt: Date; finishedAt: Date | null }, view: View): string {
  const ended = run.finishedAt ?? task.changedAt
  const took = sayDuration(ended.getTime() - run.startedAt.getTime())
  return `At ${clockSeconds(ended, view.zone)}, ${took} after it started${task.worker === null ? '' : ` on ${task.worker}`}.`
}

function Changed({ view, props: { attempt } }: { view: View; props: AttemptPageProps }) {
  const { lastGood, revision } = attempt
  if (lastGood === null) return <p>It has not passed before.</p>
  const passed = (
    <>
      The last to pass was{' '}
      <a class="link" href={attemptPath(lastGood.id)}>
        attempt {lastGood.id}
      </a>
      , {sayWhen(lastGood.finishedAt, view)}.
    </>
  )
  if (lastGood.revision === revision.number)
    return (
      <p>
        <b class="strong">Not the code.</b> {passed} It ran on v{revision.number} too.
      </p>
    )
  return (
    <>
      <p>
        <b class="strong">New since v{lastGood.revision}.</b> {passed}
      </p>
      {revision.message === null ? null : <p>“{revision.message.split('\n')[0]}”</p>}
      <p class="small quiet">
        {revision.author ?? ''} <span class="id">{revision.commit === null ? '' : shortCommit(revision.commit)}</span>
      </p>
    </>
  )
}
