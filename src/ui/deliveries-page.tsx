import type { DeliveryRow, ShownDelivery } from '../shown/delivery.ts'
import { clock, clockSeconds, dateOf, sayBytes, sayExactly, shortCommit } from './format.ts'
import { Glyph } from './glyph.tsx'
import { deployPath, projectPath, Shell, type View } from './shell.tsx'
import { Chip, DELIVERY_LOOKS } from './states.tsx'

type DeliveriesPageProps = {
  readonly rows: readonly DeliveryRow[]
  readonly selected: ShownDelivery | null
  /** By a person; else it is the newest one. */
  readonly isChosen: boolean
  readonly state: string | null
  /** Goes on below this one; null: that was all. */
  readonly older: string | null
}

type Props = { readonly view: View; readonly props: DeliveriesPageProps }

export function DeliveriesPage({ view, props }: Props) {
  return (
    <Shell view={view} title="Deliveries" place="deliveries" crumbs={[{ word: 'Deliveries' }]}>
      <div class="head">
        <div>
          <h1 class="headline">Deliveries</h1>
          <p class="lede">Every push, webhook and upload, what became of it, and why.</p>
        </div>
        <Filter state={props.state} />
      </div>
      {props.rows.length === 0 ? (
        <p class="sheet pad quiet">
          {props.state === null
            ? 'No deliveries yet. Link a repository and add its webhook, or just push.'
            : `No delivery is ${props.state}.`}
        </p>
      ) : (
        <div class={props.isChosen ? 'sheet split chosen' : 'sheet split'}>
          <Inbox view={view} props={props} />
          {props.selected === null ? <div class="detail"></div> : <Detail view={view} delivery={props.selected} />}
        </div>
      )}
    </Shell>
  )
}

const FILTERS = [
  [null, 'All'],
  ['deployed', 'Deployed'],
  ['declined', 'Declined'],
  ['failed', 'Failed'],
  ['ignored', 'Ignored'],
] as const

function Filter({ state }: { state: string | null }) {
  return (
    <nav class="group" aria-label="Show">
      {FILTERS.map(([value, word]) => (
        <a
          class="btn small"
          href={value === null ? '/deliveries' : `/deliveries?state=${value}`}
          {...(value === state ? { 'aria-current': 'true' as const } : {})}
        >
          {word}
        </a>
      ))}
    </nav>
  )
}

function Inbox({ view, props: { rows, selected, older, state } }: Props) {
  const filter = state === null ? '' : `&state=${state}`
  let day = ''
  return (
    <ul class="inbox">
      {rows.map((row) => {
        const look = DELIVERY_LOOKS[row.state]
        const date = dateOf(row.receivedAt, view.zone)
        const isNewDay = date !== day
        day = date
        return (
          <>
            {isNewDay ? <li class="day">{date === dateOf(view.now, view.zone) ? 'Today' : date}</li> : null}
            <li>
              <a
                href={`/deliveries/${row.id}${state === null ? '' : `?state=${state}`}`}
                {...(row.id === selected?.id ? { 'aria-current': 'true' as const } : {})}
              >
                <Glyph name={look.glyph} tone={look.tone} />
                <span class="what">{titleOf(row)}</span>
                <time datetime={row.receivedAt.toISOString()}>{clock(row.receivedAt, view.zone)}</time>
                <span class="meta">{sourceOf(row)}</span>
              </a>
            </li>
          </>
        )
      })}
      {older === null ? null : (
        <li class="pad">
          <a class="link small older" href={`/deliveries?before=${older}${filter}`}>
            Older deliveries
          </a>
        </li>
      )}
    </ul>
  )
}

function titleOf({ state, reason, project, revision }: DeliveryRow): string {
  if (state === 'deployed') return `Deploy of ${project}${revision === null ? '' : ` v${revision}`}`
  return `${DELIVERY_LOOKS[state].word}${reason === null ? '' : `: ${reason}`}`
}

function sourceOf({ kind, provider, event, project, pushedBy, ref, oldCommit, newCommit }: DeliveryRow): string {
  const what = kind === 'push' ? 'git push' : kind === 'upload' ? 'upload' : `${provider ?? ''} ${event ?? 'webhook'}`
  const commits =
    newCommit === null ? '' : ` ${oldCommit === null ? '' : `${shortCommit(oldCommit)} → `}${shortCommit(newCommit)}`
  return `${what}${pushedBy === null ? '' : ` by ${pushedBy}`}, ${project}${ref === null ? '' : ` ${ref.replace('refs/heads/', '')}`}${commits}`
}

function Detail({ view, delivery }: { view: View; delivery: ShownDelivery }) {
  const look = DELIVERY_LOOKS[delivery.state]
  return (
    <div class="detail">
      <div class="pad">
        <h2 class="title">
          Delivery {delivery.id} <Chip look={look} />
        </h2>
        <p class="sub">
          <span>{sourceOf(delivery)}</span>
          <span title={sayExactly(delivery.receivedAt, view.zone)}>
            {dateOf(delivery.receivedAt, view.zone)} {clockSeconds(delivery.receivedAt, view.zone)}
          </span>
        </p>
      </div>
      <div class="three-part">
        <div>
          <h3>What</h3>
          <p>{look.word}.</p>
        </div>
        <div>
          <h3>Why</h3>
          <p>{delivery.reason ?? whyOf(delivery)}</p>
        </div>
        <div>
          <h3>Next</h3>
          <p>
            <NextStep delivery={delivery} />
          </p>
        </div>
      </div>
      <Rest delivery={delivery} />
    </div>
  )
}

function whyOf({ state, ref }: ShownDelivery): string {
  if (state === 'deployed') return 'Its commit passed the check and its environment was there or was built.'
  return state === 'received' ? 'It is being worked on.' : `${ref ?? 'It'} was not deployed.`
}

function NextStep({ delivery }: { delivery: ShownDelivery }) {
  const { deployId, project, state } = delivery
  if (deployId !== null)
    return (
      <>
        Read{' '}
        <a class="link" href={deployPath(project, deployId)}>
          the log of its deploy
        </a>
        {state === 'declined' || state === 'failed' ? ', mend what it says, and push again.' : '.'}
      </>
    )
  return (
    <>
      {state === 'declined' || state === 'failed' ? 'Correct that, and push again.' : 'Nothing to do.'} It belongs to{' '}
      <a class="link" href={projectPath(project)}>
        {project}
      </a>
      .
    </>
  )
}

function Rest({ delivery }: { delivery: ShownDelivery }) {
  const headers = Object.entries(delivery.headers ?? {})
  return (
    <>
      {delivery.pushOptions.length === 0 ? null : (
        <div class="pad">
          <p class="cap">Push options</p>
          <p class="mono small">{delivery.pushOptions.join(', ')}</p>
        </div>
      )}
      {headers.length === 0 ? null : (
        <div class="pad top-space">
          <p class="cap">Headers</p>
          <dl class="facts mono small">
            {headers.map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd>{String(value)}</dd>
              </>
            ))}
          </dl>
        </div>
      )}
      {delivery.body === null || delivery.bodyBytes === null ? null : (
        <div class="pad">
          <p class="cap">Body</p>
          <pre class="code">{pretty(delivery.body)}</pre>
          <p class="small quiet gap">
            <a class="link" href={`/deliveries/${delivery.id}/body`}>
              The raw {sayBytes(delivery.bodyBytes)}
            </a>
            , as they came
          </p>
        </div>
      )}
    </>
  )
}

const MOST_LINES = 30

const DEEPEST = 12

/** Broken into lines where JSON has its commas and brackets, word for word: what was cut is not JSON any more. */
function pretty(body: string): string {
  let depth = 0
  const line = () => `\n${'  '.repeat(Math.max(0, Math.min(depth, DEEPEST)))}`
  const text = body.replaceAll(/"(?:[^"\\]|\\.)*"?|\s*(\{\s*\}|\[\s*\]|[{}[\],])\s*/gs, (part, mark?: string) => {
    if (mark === '{' || mark === '[') depth++
    if (mark === '}' || mark === ']') depth--
    if (mark === undefined || mark.length > 1) return mark ?? part
    return '}]'.includes(mark) ? `${line()}${mark}` : `${mark}${line()}`
  })
  const lines = text.split('\n')
  return lines.length > MOST_LINES ? `${lines.slice(0, MOST_LINES).join('\n')}\n…` : text
}
