import type { Json } from '../brand.ts'
import { printJson } from '../json.ts'
import type { ShownAttempt } from '../shown/attempt.ts'
import { clockSeconds, saySession, shortCommit } from './format.ts'
import { Section } from './parts.tsx'
import { attemptPath, projectPath, type View } from './shell.tsx'
import { Spark } from './spark.tsx'
import { ATTEMPT_LOOKS, State } from './states.tsx'

/** Facts of an attempt: never the cause of what went wrong. */
export function AttemptAside({ view, attempt }: { view: View; attempt: ShownAttempt }) {
  return (
    <div class="stack" id="aside">
      <Facts view={view} attempt={attempt} />
      {attempt.attempts.length < 2 ? null : <Others attempt={attempt} />}
      <Params attempt={attempt} />
    </div>
  )
}

function Facts({ view, attempt }: { view: View; attempt: ShownAttempt }) {
  return (
    <Section title="Attempt">
      <div class="sheet pad">
        <dl class="facts">
          <dt>Session</dt>
          <dd>{saySession(attempt.sessionTime, attempt.timezone)}</dd>
          <dt>Started</dt>
          <dd>{clockSeconds(attempt.createdAt, view.zone)}</dd>
          <dt>By</dt>
          <dd>{attempt.startedBy}</dd>
          <dt>Revision</dt>
          <dd>
            <a class="link" href={projectPath(attempt.project)}>
              v{attempt.revision.number}
            </a>{' '}
            <span class="id">{attempt.revision.commit === null ? '' : shortCommit(attempt.revision.commit)}</span>
          </dd>
          {attempt.recent.length === 0 ? null : (
            <>
              <dt>Last {attempt.recent.length}</dt>
              <dd>
                <Spark outcomes={attempt.recent} />
              </dd>
            </>
          )}
        </dl>
      </div>
    </Section>
  )
}

function Params({ attempt }: { attempt: ShownAttempt }) {
  const params = Object.entries(attempt.params)
  if (params.length === 0) return null
  return (
    <Section title="Parameters">
      <div class="sheet pad">
        <dl class="facts mono small">
          {params.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{sayValue(value)}</dd>
            </>
          ))}
        </dl>
      </div>
    </Section>
  )
}

function Others({ attempt }: { attempt: ShownAttempt }) {
  return (
    <Section title="This session">
      <div class="sheet">
        <table class="table">
          <tbody>
            {attempt.attempts.map(({ id, index, state }) => (
              <tr {...(id === attempt.id ? { class: 'on' } : {})}>
                <td>
                  <a href={attemptPath(id)}>{index}</a>
                </td>
                <td>
                  <State look={ATTEMPT_LOOKS[state]} />
                </td>
                <td class="n">
                  <span class="id">{id}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  )
}

const sayValue = (value: Json): string => {
  const text = typeof value === 'string' ? value : printJson(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
