import type { ShownAttempt, ShownTask } from '../shown/attempt.ts'
import type { AttemptPageProps } from './attempt.ts'
import { AttemptAside } from './attempt-aside.tsx'
import { Cause } from './attempt-cause.tsx'
import { Act, Confirm } from './confirm.tsx'
import { clockSeconds, countOf, dateOf, sayDuration, shortCommit } from './format.ts'
import { Gantt } from './gantt.tsx'
import { Glyph, Icon } from './glyph.tsx'
import { Log, type LogTail } from './log.tsx'
import { Following, Section } from './parts.tsx'
import { attemptPath, projectPath, Shell, type View, workflowPath } from './shell.tsx'
import { ATTEMPT_LOOKS, Chip, State, TASK_LOOKS } from './states.tsx'
import { hasFailed, isOver, treeRows } from './task-tree.ts'
import { whyWaiting } from './why-waiting.ts'

export function AttemptPage({ view, props }: { view: View; props: AttemptPageProps }) {
  const { attempt, selected, log } = props
  const events = `/events/attempts/${attempt.id}${props.isChosen && selected !== null ? `?task=${selected.id}` : ''}`
  return (
    <Shell
      view={view}
      title={`Attempt ${attempt.id} of ${attempt.workflow}`}
      place="projects"
      project={attempt.project}
      crumbs={[
        { word: attempt.project, href: projectPath(attempt.project) },
        { word: attempt.workflow, href: workflowPath(attempt.project, attempt.workflow) },
        { word: attempt.id },
      ]}
      events={
        attempt.state === 'running' || attempt.state === 'canceling' || log?.isClosed === false ? events : undefined
      }
    >
      {Object.values(attemptParts({ view, props }))}
      <div class="cols">
        <section class="section" aria-label="Log">
          <header>
            <h2>Log</h2>
          </header>
          <TaskLog view={view} selected={selected} log={log} />
        </section>
        <AttemptAside view={view} attempt={attempt} />
      </div>
    </Shell>
  )
}

/** What the page's stream sends again when it changes: each part by its id. */
export function attemptParts({ view, props }: { view: View; props: AttemptPageProps }) {
  return [
    <Head view={view} props={props} />,
    <NeedsYou view={view} props={props} />,
    <Waiting view={view} props={props} />,
    <Tasks view={view} props={props} />,
  ]
}

function Head({ view, props: { attempt, tasks } }: { view: View; props: AttemptPageProps }) {
  const failed = tasks.filter(({ state }) => state === 'error').length
  const isOpen = attempt.finishedAt === null
  const took = (attempt.finishedAt ?? view.now).getTime() - attempt.createdAt.getTime()
  return (
    <div class="head" id="head" data-state={attempt.state}>
      <div>
        <h1 class="title">
          {attempt.workflow} <span class="quiet">{dateOf(attempt.sessionTime, attempt.timezone)}</span>{' '}
          <Chip look={ATTEMPT_LOOKS[attempt.state]} />
          {failed > 0 && isOpen ? <Chip look={TASK_LOOKS.error} word={`${countOf(failed, 'task')} failed`} /> : null}
        </h1>
        <p class="sub">
          <span>
            Attempt <b class="id">{attempt.id}</b>
          </span>
          <span>
            <Icon name="clock" />
            {sayDuration(took)}
          </span>
          <span>
            <Icon name="commit" />
            <a class="id" href={projectPath(attempt.project)}>
              v{attempt.revision.number}
              {attempt.revision.commit === null ? '' : ` ${shortCommit(attempt.revision.commit)}`}
            </a>
          </span>
          {isOpen ? <Following /> : null}
        </p>
      </div>
      <div class="actions row">
        {isOpen ? <Kill view={view} attempt={attempt} tasks={tasks} /> : <Retry view={view} attempt={attempt} />}
      </div>
    </div>
  )
}

function Kill({ view, attempt, tasks }: { view: View; attempt: ShownAttempt; tasks: readonly ShownTask[] }) {
  if (attempt.state === 'canceling')
    return <span class="quiet small">{attempt.cancelRequestedBy} asked for its end</span>
  const running = tasks.filter(({ state }) => state === 'running').length
  const what = running === 0 ? 'Nothing of it runs right now.' : `${countOf(running, 'running task')} will be stopped.`
  return (
    <Confirm
      view={view}
      id="kill"
      label={
        <>
          <Icon name="stop" />
          Kill
        </>
      }
      question={`Kill attempt ${attempt.id}? ${what}`}
      action={`${attemptPath(attempt.id)}/kill`}
      verb="Kill it"
      isDanger
    />
  )
}

function Retry({ view, attempt }: { view: View; attempt: ShownAttempt }) {
  const action = `${attemptPath(attempt.id)}/retry`
  const label = (words: string) => (
    <>
      <Icon name="retry" />
      {words}
    </>
  )
  return (
    <>
      {attempt.state === 'success' ? null : (
        <Act view={view} action={action} label={label('Retry failed')} look="primary" fields={{ from: 'failed' }} />
      )}
      <Act view={view} action={action} label={label('Run all again')} fields={{ from: 'start' }} />
    </>
  )
}

function NeedsYou({ view, props }: { view: View; props: AttemptPageProps }) {
  const unknown = props.tasks.filter(({ state }) => state === 'unknown')
  const failed = props.tasks.find(({ state }) => state === 'error')
  return (
    <div id="needs-you" class="stack tight part">
      {unknown.map((task) => (
        <Decide view={view} task={task} />
      ))}
      {failed === undefined ? null : <Cause view={view} task={failed} props={props} />}
    </div>
  )
}

function Decide({ view, task }: { view: View; task: ShownTask }) {
  const action = `/tasks/${task.id}/decide`
  return (
    <section class="notice is-lost" aria-label={`Decide on ${task.fullName}`}>
      <Glyph name="unknown" tone="lost" />
      <span>
        <b>{task.fullName}</b> is unknown: {task.worker ?? 'its worker'} fell silent while it ran. It may have finished.
        Say what became of it.
      </span>
      <div class="acts">
        <Act view={view} action={action} label="It succeeded" look="small" fields={{ as: 'success' }} />
        <Act view={view} action={action} label="It failed" look="small" fields={{ as: 'error' }} />
        <Act view={view} action={action} label="Start it again" look="small" fields={{ as: 'retry' }} />
      </div>
    </section>
  )
}

function Waiting({ view, props }: { view: View; props: AttemptPageProps }) {
  const lines = props.attempt.finishedAt === null ? whyWaiting(props.tasks, props.queues, view) : []
  if (lines.length === 0) return <div id="waiting"></div>
  return (
    <Section title="Why is it waiting?" id="waiting" note={`from the scheduler, ${clockSeconds(view.now, view.zone)}`}>
      <ul class="stack close">
        {lines.map(({ task, why }) => (
          <li class="why-line">
            <Glyph name={TASK_LOOKS[task.state].glyph} tone={TASK_LOOKS[task.state].tone} />
            <span>
              <b>{task.fullName}</b> {why}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Tasks({ view, props }: { view: View; props: AttemptPageProps }) {
  const { attempt, tasks, selected } = props
  const rows = treeRows(tasks)
  const operators = tasks.filter(({ kind }) => kind === 'operator')
  const done = operators.filter(({ state }) => isOver(state)).length
  const hidden = attempt.taskCount - tasks.length
  return (
    <Section title="Tasks" id="tasks" note={`${done} of ${operators.length} done`}>
      <div class="sheet">
        <Gantt
          rows={rows}
          from={attempt.createdAt}
          to={attempt.finishedAt}
          now={view.now}
          zone={view.zone}
          selected={selected?.id ?? null}
          href={(task) => `${attemptPath(attempt.id)}?task=${task.id}#log`}
        />
        <div class="foot">
          <span class="legend">
            <Key tone="ok" word="Success" />
            <Key tone="retry" word="Failed, retried" />
            <Key tone="fail" word="Error" />
            <Key tone="run" word="Running" />
            <span class="hide-phone">┄ waiting</span>
          </span>
          {hidden > 0 ? (
            <span class="push">
              {countOf(hidden, 'more task')}: sluice tasks {attempt.id}
            </span>
          ) : null}
        </div>
      </div>
    </Section>
  )
}

function Key({ tone, word }: { tone: string; word: string }) {
  return (
    <span>
      <i class={`swatch is-${tone}`}></i>
      {word}
    </span>
  )
}

function TaskLog({ view, selected, log }: { view: View; selected: ShownTask | null; log: LogTail | null }) {
  if (selected === null)
    return (
      <p class="sheet pad quiet" id="log">
        No task has started yet.
      </p>
    )
  const title = <LogTitle task={selected} />
  if (log === null)
    return (
      <div class="sheet" id="log">
        <div class="log-bar">{title}</div>
        <p class="pad quiet">
          {hasFailed(selected) ? 'It failed before it wrote anything.' : 'It has not started, so it wrote nothing.'}
        </p>
      </div>
    )
  return <Log tail={log} zone={view.zone} label={`Log of ${selected.fullName}`} title={title} />
}

export function LogTitle({ task }: { task: ShownTask }) {
  return (
    <span class="row" id="log-title">
      <State look={TASK_LOOKS[task.state]} />
      <b class="id strong">{task.fullName}</b>
      {task.runs.length > 1 ? <span class="tag">try {task.runs.length}</span> : null}
    </span>
  )
}
