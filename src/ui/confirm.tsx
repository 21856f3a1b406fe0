import type { Child } from 'hono/jsx'
import { Hidden, type View } from './shell.tsx'

type ConfirmProps = {
  readonly view: View
  readonly id: string
  /** What opens the question. */
  readonly label: Child
  /** The question: it repeats the verb and names the consequence. */
  readonly question: string
  readonly action: string
  readonly verb: string
  readonly isDanger?: boolean
  readonly fields?: Readonly<Record<string, string>>
}

/** An act that is asked for twice, on the page itself and without a script. */
export function Confirm({ view, id, label, question, action, verb, isDanger = false, fields = {} }: ConfirmProps) {
  return (
    <details class="confirm" id={id}>
      <summary class={isDanger ? 'btn danger' : 'btn'}>{label}</summary>
      <form method="post" action={action}>
        <p>{question}</p>
        <Hidden view={view} />
        <Fields fields={fields} />
        <button type="submit" class={isDanger ? 'btn danger' : 'btn primary'}>
          {verb}
        </button>
      </form>
    </details>
  )
}

type ActProps = {
  readonly view: View
  readonly action: string
  readonly label: Child
  readonly look?: 'primary' | 'small' | ''
  readonly fields?: Readonly<Record<string, string>>
}

/** A button that does something: always a form, so that it works without a script and carries its token. */
export function Act({ view, action, label, look = '', fields = {} }: ActProps) {
  return (
    <form method="post" action={action} class="plain">
      <Hidden view={view} />
      <Fields fields={fields} />
      <button type="submit" class={`btn ${look}`}>
        {label}
      </button>
    </form>
  )
}

function Fields({ fields }: { fields: Readonly<Record<string, string>> }) {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  )
}
