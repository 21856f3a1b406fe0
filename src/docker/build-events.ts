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
  | { readonly kind: 'failed'; readonly problem: string; readonly hint: string }
  | { readonly kind: 'aborted' }
  /** The engine has gone: nothing is known of the image. */
  | { readonly kind: 'unavailable'; readonly why: string }

/** Why a build failed, in words. */
export function explainFailure({ step, failure, tail }: Progress): Extract<BuildEnd, { kind: 'failed' }> {
  const message = failure?.message ?? 'the engine did not say why'
  if (/no space left on device/i.test(message + tail))
    return failed(
      'The disk of the Docker engine is full',
      'Free some of it (docker system df shows what takes it), then push again',
    )
  const [, image] = /: FROM (\S+)/i.exec(step) ?? []
  if (image !== undefined) return explainBase(image, message)
  if (failure?.code != null) return failed(step.replace(' : ', ` failed with exit code ${failure.code}: `), SEE_LOG)
  return failed(
    `${step === '' ? 'The Dockerfile cannot be used' : step.replace(' : ', ' failed: ')}: ${firstLine(message)}`,
    SEE_LOG,
  )
}

const SEE_LOG = 'The lines above it tell why: correct them, commit, and push again'

export function explainBase(image: string, why: string): Extract<BuildEnd, { kind: 'failed' }> {
  const isOwn = /^sluice\/base(:latest)?$/.test(image)
  return failed(
    `The base image ${image} is not on this engine${isOwn ? '' : `, and cannot be pulled: ${firstLine(why)}`}`,
    isOwn
      ? 'Make it with scripts/base-image, or set SLUICE_BASE_IMAGE to an image that the engine has'
      : 'Load it there (docker load), or start from sluice/base, which scripts/base-image makes',
  )
}

function failed(problem: string, hint: string) {
  return { kind: 'failed', problem, hint } as const
}

const firstLine = (text: string) => text.trim().split('\n')[0] ?? ''
