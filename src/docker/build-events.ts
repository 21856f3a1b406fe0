/** What the classic builder sends, a line of JSON each. */
export type BuildEvent = {
  readonly stream?: string
  readonly status?: string
  readonly id?: string
  /** `Digest`: of what was pushed. */
  readonly aux?: { readonly ID?: string; readonly Digest?: string }
  /** Of a layer, in bytes. */
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
  readonly errorDetail?: { readonly code?: number; readonly message?: string }
}

export type Progress = {
  /** The step it is at: `Step 3/7 : RUN make`. */
  readonly step: string
  readonly imageId: string | null
  readonly failure: { readonly code: number | null; readonly message: string } | null
  /** The end of the output, in which the reason often stands. */
  readonly tail: string
}

export const NO_PROGRESS: Progress = { step: '', imageId: null, failure: null, tail: '' }

const TAIL_CHARS = 4_000

/** Folds an event into what is known of the build. */
export function follow(progress: Progress, event: BuildEvent): Progress {
  const { stream = '', aux, error, errorDetail } = event
  return {
    step: /^Step \d+\/\d+ : .*/m.exec(stream)?.[0] ?? progress.step,
    imageId: aux?.ID ?? progress.imageId,
    failure:
      error === undefined
        ? progress.failure
        : { code: errorDetail?.code ?? null, message: errorDetail?.message ?? error },
    tail: (progress.tail + stream).slice(-TAIL_CHARS),
  }
}

/** Lines that say nothing to a person: ids of layers and of the builder's own containers. */
const NOISE =
  /^( ---> [0-9a-f]{12}| ---> Running in [0-9a-f]{12}|Removing intermediate container [0-9a-f]{12}|Successfully (built|tagged) .*|\s*)$/

/** The text of an event for the log; progress bars of pulls are cut down to what changed. */
export function wordsOf({ stream, status, id }: BuildEvent): string {
  if (stream !== undefined) return stream
  if (status === undefined || /^(Downloading|Extracting|Verifying|Waiting|Pulling fs layer)/.test(status)) return ''
  return `${id === undefined ? '' : `${id}: `}${status}\n`
}

export const isNoise = (line: string) => NOISE.test(line)

export type BuildEnd =
  | { readonly kind: 'built'; readonly imageId: string; readonly bytes: number }
  /** `problem`: one line; `hint`: what to do next. */
  | ({ readonly kind: 'failed' } & Problem)
  /** The engine answers, and could not do it whatever the project says: it may well do it the next time. */
  | ({ readonly kind: 'broken' } & Problem)
  /** A step was killed: by its host, or by itself, which only another try can tell. It says nothing of the engine. */
  | ({ readonly kind: 'killed' } & Problem)
  | { readonly kind: 'aborted' }
  /** The engine has gone: nothing is known of the image. */
  | { readonly kind: 'unavailable'; readonly why: string }

type Problem = { readonly problem: string; readonly hint: string }
type Failure = Extract<BuildEnd, Problem>

/** Why a build failed, in words. Of a step that ran, command and output are the project's words: they never tell of the engine. */
export function explainFailure({ step, failure, tail }: Progress): Failure {
  if (failure !== null && failure.code !== null) return explainStep(step, failure.code, tail)
  const message = failure?.message ?? ''
  if (isFull(message) && !NOT_FOUND.test(message)) return FULL
  const [, image] = /: FROM (\S+)/i.exec(step) ?? []
  if (image !== undefined && (REGISTRY_AWAY.test(message) || !isOfEngine(failure))) return explainBase(image, message)
  if (isOfEngine(failure)) {
    const said = message === '' ? 'it ended without a word' : firstLine(message)
    return broken(`The Docker engine could not build it: ${said}`, "The engine's log has the rest")
  }
  return failed(
    `${step === '' ? 'The Dockerfile cannot be used' : step.replace(' : ', ' failed: ')}: ${firstLine(message)}`,
    SEE_LOG,
  )
}

function explainStep(step: string, code: number, tail: string): Failure {
  if (code === 137 || code === 143) return killed(step, code)
  return failed(step.replace(' : ', ` failed with exit code ${code}: `), isFull(tail) ? MAKE_ROOM : SEE_LOG)
}

const MAKE_ROOM =
  'It says that it found no room: let it write less, or have the operator free some (docker system df shows what takes it); then push again'
const SEE_LOG = 'The lines above it tell why: correct them, commit, and push again'
export const isFull = (text: string) => /no space left on device|disk quota exceeded/i.test(text)

/** Words of Docker 20.10 to 28, containerd and runc. */
const OF_ENGINE = [
  /context canceled|connection reset by peer|broken pipe|(transport|client connection) is closing|ttrpc: closed|code = Unavailable/,
  /containerd|shim|OCI runtime|container_linux\.go|failed to create (task|endpoint)|cgroup/,
  /layer does not exist|failed to (register|get|export|prepare) .*(layer|image)|error (creating|mounting) .*(overlay|mount)|\/overlay2?\//,
  /input\/output error|read-only file system|cannot allocate memory|too many open files|resource temporarily unavailable|structure needs cleaning/,
]
/** It quotes the project's own names, or is about a program that the image has not, or cannot run. */
const OF_PROJECT =
  /^(COPY|ADD) failed|parse error|exec: "|exec \S+: |executable file not found|exec format error|unable to find (user|group)/

/** What was looked for has a name that the project chose: it may read like anything. */
const NOT_FOUND = /not found|no such file|parse error|unable to find/

const isOfEngine = (failure: Progress['failure']) =>
  failure === null || (!OF_PROJECT.test(failure.message) && OF_ENGINE.some((words) => words.test(failure.message)))

export function explainBase(image: string, why: string): Failure {
  const isOwn = /^sluice\/base(:latest)?$/.test(image)
  const isAway = REGISTRY_AWAY.test(why)
  return failed(
    `The base image ${image} is not on this engine${isOwn ? '' : `, and cannot be pulled: ${firstLine(why)}`}`,
    isOwn
      ? 'Make it with scripts/base-image, or set SLUICE_BASE_IMAGE to an image that the engine has'
      : `${isAway ? 'Push again when its registry answers the engine, load the image there' : 'Load it there'} (docker load), or start from sluice/base, which scripts/base-image makes`,
  )
}

/** It was not asked, or could not answer: that says nothing of the image. */
const REGISTRY_AWAY =
  /dial tcp|lookup |no such host|i\/o timeout|connection (refused|reset)|handshake|timeout|deadline exceeded|too ?many ?requests|HTTP status: 5\d\d|EOF|x509/i

const failed = (problem: string, hint: string) => ({ kind: 'failed', problem, hint }) as const

/** Its host had no memory for it, its engine is being stopped, or it ends so by itself. */
const killed = (step: string, code: number): Failure => ({
  kind: 'killed',
  problem: step.replace(' : ', ` was killed (exit code ${code}): `),
  hint: 'Push again; if it is killed each time, let it need less memory, or build it where there is more',
})

const broken = (problem: string, hint: string) =>
  ({ kind: 'broken', problem, hint: `${hint}. Nothing in the project has to be corrected: push again` }) as const

export const FULL = broken(
  'The disk of the Docker engine is full',
  'Free some of it (docker system df shows what takes it)',
)

const firstLine = (text: string) => text.trim().split('\n')[0] ?? ''
