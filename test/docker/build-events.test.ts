import { describe, expect, it } from 'vitest'
import { explainFailure, NO_PROGRESS } from '../../src/docker/build-events.ts'

const RUN = 'Step 2/3 : RUN make'
const FROM = 'Step 1/3 : FROM team/base'
const failedWith = (message: string, { step = RUN, code = null as number | null, tail = '' } = {}) =>
  explainFailure({ ...NO_PROGRESS, step, tail, failure: { code, message } })

/** The words are those of engines that were robbed of what they needed. */
describe('a build that fails', () => {
  it.each([
    ['exits badly', "The command '/bin/sh -c make' returned a non-zero code: 2", { code: 2 }],
    [
      'has no such program',
      'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/nope": stat /nope: no such file or directory: unknown',
      {},
    ],
    [
      'has no such program (containerd 1.7)',
      'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown',
      {},
    ],
    ['is of another architecture', 'OCI runtime create failed: exec /bin/sh: exec format error: unknown', {}],
    ['copies what is not there', 'COPY failed: file not found in build context: stat shim/containerd.toml', {}],
    ['cannot be parsed', 'dockerfile parse error line 1: unknown instruction: OVERLAY', { step: '' }],
    ['wants a user that is not there', 'unable to find user nobody2: no matching entries in passwd file', {}],
  ])('because the project %s is told to correct it', (_, message, more) => {
    expect(failedWith(message, more)).toMatchObject({
      kind: 'failed',
      hint: 'The lines above it tell why: correct them, commit, and push again',
    })
  })

  it.each([
    'OCI runtime create failed: container_linux.go:380: starting container process caused: process_linux.go:545: container init caused: write /proc/self/attr/keycreate: cannot allocate memory: unknown',
    'failed to create shim: ttrpc: closed: unknown',
    'connection error: desc = "transport: error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused": unavailable',
    'rpc error: code = Unavailable desc = transport is closing',
    'context canceled',
    'failed to register layer: Error processing tar file(exit status 1): unexpected EOF in layer',
    'layer does not exist',
    'failed to create endpoint hopeful_kare on network bridge: adding interface veth1 to bridge docker0 failed',
    'error creating overlay mount to /var/lib/docker/overlay2/x/merged: too many levels of symbolic links',
    'mkdir /var/lib/docker/overlay2/x: read-only file system',
    'open /var/lib/docker/image/overlay2/x: input/output error',
  ])('because of the engine (%s) says so, and blames no project', (message) => {
    expect(failedWith(message)).toEqual({
      kind: 'broken',
      problem: `The Docker engine could not build it: ${message}`,
      hint: "The engine's log has the rest. Nothing in the project has to be corrected: push again",
    })
  })

  it.each([137, 143])('because somebody killed it (%i) is tried again, and says nothing of the engine', (code) => {
    expect(failedWith('returned a non-zero code', { code })).toEqual({
      kind: 'killed',
      problem: `Step 2/3 was killed (exit code ${code}): RUN make`,
      hint: 'Push again; if it is killed each time, let it need less memory, or build it where there is more',
    })
  })

  it('because the engine says nothing at all blames no project either', () => {
    expect(explainFailure({ ...NO_PROGRESS, step: RUN })).toMatchObject({
      kind: 'broken',
      problem: 'The Docker engine could not build it: it ended without a word',
    })
  })

  it.each([
    ['the engine itself', 'Error processing tar file(exit status 1): write /big: no space left on device', {}],
    ['a copy', 'COPY failed: write /var/lib/docker/tmp/x: no space left on device', {}],
    ['a pull', 'failed to register layer: write /x: no space left on device', { step: FROM }],
  ])('because the disk is full, as %s finds out, says that', (_, message, more) => {
    expect(failedWith(message, more)).toEqual({
      kind: 'broken',
      problem: 'The disk of the Docker engine is full',
      hint: 'Free some of it (docker system df shows what takes it). Nothing in the project has to be corrected: push again',
    })
  })

  it.each([
    ['its command', "The command '/bin/sh -c echo no space left on device' returned a non-zero code: 1", ''],
    ['its output', 'returned a non-zero code: 1', 'containerd: input/output error\n'],
  ])('never gets the engine blamed by the words of a step that ran (%s)', (_, message, tail) => {
    expect(failedWith(message, { code: 1, tail })).toEqual({
      kind: 'failed',
      problem: 'Step 2/3 failed with exit code 1: RUN make',
      hint: 'The lines above it tell why: correct them, commit, and push again',
    })
  })

  it('names the want of room, of which a step speaks, as what it says and no more', () => {
    const tail = 'cp: write error: No space left on device\n'
    expect(failedWith('returned a non-zero code: 1', { code: 1, tail })).toEqual({
      kind: 'failed',
      problem: 'Step 2/3 failed with exit code 1: RUN make',
      hint: 'It says that it found no room: let it write less, or have the operator free some (docker system df shows what takes it); then push again',
    })
  })

  it.each([
    'COPY failed: file not found in build context or excluded by .dockerignore: stat no space left on device: file does not exist',
    'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "no space left on device": executable file not found in $PATH: unknown',
  ])('never gets the engine blamed by a name (%s)', (message) => {
    expect(failedWith(message).kind).toBe('failed')
  })

  it.each([
    'Get "https://r.example/v2/": dial tcp 10.0.0.9:443: connect: connection refused',
    'Get "https://r.example/v2/": dial tcp: lookup r.example: no such host',
    'Get "https://r.example/v2/": net/http: TLS handshake timeout',
    'Get "https://r.example/v2/": x509: certificate signed by unknown authority',
    'received unexpected HTTP status: 502 Bad Gateway',
    'toomanyrequests: You have reached your pull rate limit.',
    'Get "https://r.example/v2/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  ])('because of the registry (%s) is to be pushed again', (message) => {
    expect(failedWith(message, { step: FROM })).toEqual({
      kind: 'failed',
      problem: `The base image team/base is not on this engine, and cannot be pulled: ${message}`,
      hint: 'Push again when its registry answers the engine, load the image there (docker load), or start from sluice/base, which scripts/base-image makes',
    })
  })

  it.each([
    'pull access denied for team/base, repository does not exist or may require docker login',
    'manifest for team/base:latest not found: manifest unknown',
  ])('because its base image is nowhere (%s) asks for it', (message) => {
    expect(failedWith(message, { step: FROM }).hint).toMatch(
      /^Load it there \(docker load\), or start from sluice\/base/,
    )
  })
})
