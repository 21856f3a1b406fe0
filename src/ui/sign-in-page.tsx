import { Document, type Frame, Mark } from './document.tsx'
import { Gate } from './gate.tsx'
import { Glyph, Sprite } from './glyph.tsx'

export type SignInProblem =
  | { readonly kind: 'wrong'; readonly left: number }
  | { readonly kind: 'paused' }
  | { readonly kind: 'unreadable' }

export type SignInProps = {
  readonly host: string
  readonly name: string
  /** Where to go afterwards: a path of ours. */
  readonly next: string
  readonly problem: SignInProblem | null
  readonly frame: Frame
}

export function SignInPage({ host, name, next, problem, frame }: SignInProps) {
  return (
    <Document title="Sign in" frame={frame}>
      <Sprite />
      <div class="door">
        <main class="in" id="main">
          <form method="post" action="/sign-in">
            <div>
              <a class="brand flush" href="/">
                <Mark />
                Sluice
              </a>
              <h1 class="headline">Sign in</h1>
              <p class="lede">to {host}</p>
            </div>
            <input type="hidden" name="next" value={next} />
            <div class="field">
              <label for="name">Name</label>
              <input class="input" id="name" name="name" autocomplete="username" required value={name} />
            </div>
            <Password problem={problem} />
            <button type="submit" class="btn primary tall">
              Sign in
            </button>
            <p class="small quiet">
              First time here? The admin password was printed once when the server first started. Lost it: run{' '}
              <code>sluice admin:reset</code> on the server.
            </p>
          </form>
        </main>
        <Gate />
      </div>
    </Document>
  )
}

function Password({ problem }: { problem: SignInProblem | null }) {
  const isWrong = problem === null ? {} : { 'aria-invalid': 'true' as const, 'aria-describedby': 'problem' }
  return (
    <div class="field">
      <label for="password">Password</label>
      <input
        class="input"
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        {...isWrong}
      />
      {problem === null ? null : (
        <p class="why-line is-fail" id="problem">
          <Glyph name="fail" tone="fail" />
          <span>
            <b>{sayProblem(problem)}</b> {sayNext(problem)}
          </span>
        </p>
      )}
    </div>
  )
}

function sayProblem(problem: SignInProblem): string {
  if (problem.kind === 'wrong') return 'That password does not match.'
  return problem.kind === 'paused' ? 'Too many wrong passwords.' : 'Name and password are both needed.'
}

function sayNext(problem: SignInProblem): string {
  if (problem.kind === 'paused') return 'Wait 15 min, then try again.'
  if (problem.kind === 'unreadable') return ''
  if (problem.left === 0) return 'No try is left: there is a pause of 15 min.'
  return `${problem.left === 1 ? '1 try is' : `${problem.left} tries are`} left before a pause of 15 min.`
}
