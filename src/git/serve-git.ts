import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { HOOKS } from './hook-door.ts'
import { APART, exitOf, type GitConfig, gitEnvironment } from './run-git.ts'
import { retell } from './sideband.ts'

export type GitService = 'git-upload-pack' | 'git-receive-pack'

/** One request of git's smart HTTP protocol; everything in it was matched against a list of our own before. */
export type GitRequest = {
  readonly folder: string
  /** Below `folder`: `12.git`. */
  readonly repository: string
  readonly step: { readonly kind: 'advertise' | 'serve'; readonly service: GitService }
  readonly user: string
  readonly body: ReadableStream<Uint8Array> | null
  readonly headers: GitHeaders
  /** What hooks find in their environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly maxPackBytes: number
  /** Told to whoever pushes more than that, instead of git's own words. */
  readonly packTooLarge: string
}

type GitHeaders = {
  readonly contentType: string | undefined
  /** Absent on chunked pushes: git reads to the end then. */
  readonly contentLength: string | undefined
  readonly contentEncoding: string | undefined
  readonly gitProtocol: string | undefined
}

export type GitAnswer = {
  readonly response: Response
  /** Resolves when git has ended, whether or not the client is still there. */
  readonly ended: Promise<void>
}

/** Lets `git http-backend` answer. A push that began runs to its end when the client leaves; a fetch is stopped. */
export async function serveGit(request: GitRequest): Promise<GitAnswer> {
  const child = spawn('git', ['http-backend'], { ...APART, env: backendEnvironment(request) })
  const ended = exitOf(child).then(() => undefined)
  ended.catch(() => {}) // where git cannot be started there is no head either: that is thrown below, and nobody gets `ended`
  child.stderr.resume() // what matters of it goes to the client by git's own protocol
  feed(request.body, child.stdin)
  const isPush = request.step.service === 'git-receive-pack'
  const output = child.stdout[Symbol.asyncIterator]()
  const head = await readHead(output)
  const answer = behind(head.rest, output)
  const told = retell(answer, { start: 'fatal: pack exceeds maximum allowed size', text: request.packTooLarge })
  const body = isPush ? streamWhole(told) : streamOnDemand(answer, () => child.kill())
  return { response: new Response(body, { status: head.status, headers: head.headers }), ended }
}

/** The CGI variables and settings; compared literally in the test. */
export function backendEnvironment({ folder, repository, step, user, headers, environment, maxPackBytes }: GitRequest) {
  const path = step.kind === 'advertise' ? 'info/refs' : step.service
  return {
    ...gitEnvironment(receiveConfig(maxPackBytes)),
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${repository}/${path}`,
    REQUEST_METHOD: step.kind === 'advertise' ? 'GET' : 'POST',
    QUERY_STRING: step.kind === 'advertise' ? `service=${step.service}` : '',
    REMOTE_USER: user,
    REMOTE_ADDR: '',
    SERVER_PROTOCOL: 'HTTP/1.1',
    ...present('CONTENT_TYPE', headers.contentType),
    ...present('CONTENT_LENGTH', headers.contentLength),
    ...present('HTTP_CONTENT_ENCODING', headers.contentEncoding),
    ...present('GIT_PROTOCOL', headers.gitProtocol),
    ...environment,
  }
}

const present = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value })

const receiveConfig = (maxPackBytes: number): GitConfig => ({
  'core.hooksPath': HOOKS,
  'http.receivepack': 'true',
  'http.getanyfile': 'false',
  'receive.fsckObjects': 'true',
  'receive.maxInputSize': String(maxPackBytes),
  'receive.advertisePushOptions': 'true',
  'receive.advertiseAtomic': 'false', // all hooks would run before any ref moves: a branch live, and refused by the next ref's hook
  'receive.denyDeleteCurrent': 'ignore', // our own hook refuses it, with a sentence
  'receive.keepAlive': '5',
  'receive.autogc': 'false', // it would hold the pusher's connection
  'transfer.hideRefs': 'refs/sluice',
  'uploadpack.allowFilter': 'true',
})

function feed(body: ReadableStream<Uint8Array> | null, stdin: NodeJS.WritableStream) {
  stdin.on('error', () => {}) // git ends when it has read enough
  if (body === null) return void stdin.end()
  // Web's stream type and Node's differ in name only.
  const source = Readable.fromWeb(body as import('node:stream/web').ReadableStream)
  source.on('error', () => stdin.end()) // the client left in mid-upload: git finds the pack cut short and moves nothing
  source.pipe(stdin)
}

type Head = { readonly status: number; readonly headers: Headers; readonly rest: Buffer }

const MAX_HEAD = 16 * 1024

async function readHead(output: AsyncIterator<Buffer>): Promise<Head> {
  let text = Buffer.alloc(0)
  for (;;) {
    const end = text.indexOf('\r\n\r\n')
    if (end >= 0) return { ...parseHead(text.toString('latin1', 0, end)), rest: text.subarray(end + 4) }
    const part = await output.next()
    if (part.done === true || text.length > MAX_HEAD) throw new Error('git http-backend gave no headers')
    text = Buffer.concat([text, part.value])
  }
}

function parseHead(text: string): Pick<Head, 'status' | 'headers'> {
  const lines = text.split('\r\n').map((line) => line.split(/: ?(.*)/s))
  const status = lines.find(([name]) => name === 'Status')?.[1]
  const rest = lines.flatMap(([name = '', value = '']) =>
    name === 'Status' ? [] : [[name, value] as [string, string]],
  )
  return { status: Number.parseInt(status ?? '200', 10), headers: new Headers(rest) }
}

async function* behind(first: Buffer, rest: AsyncIterableIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  yield* rest
}

/** Reads on whether or not anybody listens: git must never wait for a client that has gone. */
function streamWhole(output: AsyncIterable<Buffer>) {
  let isWatched = true
  const read = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    for await (const part of output) if (isWatched) controller.enqueue(part)
    if (isWatched) controller.close()
  }
  return new ReadableStream<Uint8Array>({
    start: (controller) => void read(controller),
    cancel: () => {
      isWatched = false
    },
  })
}

/** As fast as the client takes it. */
function streamOnDemand(output: AsyncIterator<Buffer>, stop: () => void) {
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const part = await output.next()
      if (part.done === true) controller.close()
      else controller.enqueue(part.value)
    },
    cancel: stop,
  })
}
