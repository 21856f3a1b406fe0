import type { JsonObject } from '../brand.ts'
import type { Finding } from '../doctor/judge-host.ts'
import type { Templates } from '../environment/dockerfile.ts'
import type { Expressions, Workflow } from '../workflow/workflow.ts'
import type { Client } from './client.ts'

/** What the commands work with. `cli.ts` has the real ones, tests their own. */
export type Tools = {
  /** Opened when a command first needs it: `--help` reads no token. */
  readonly client: Client
  /** A line for the reader, or for a program that reads us. */
  readonly say: (line: string) => void
  /** A line about what is going on: never part of the result. */
  readonly note: (line: string) => void
  readonly write: (bytes: Uint8Array) => void
  readonly readInput: () => Promise<string>
  readonly run: Run
  readonly wait: (ms: number) => Promise<void>
  readonly now: () => Date
  readonly host: Host
}

/** Runs a program in `cwd`; with `isShown` its output is ours, otherwise it is handed back. */
export type Run = (
  argv: readonly string[],
  options: { readonly cwd: string; readonly isShown: boolean },
) => Promise<{ readonly code: number; readonly output: string }>

/** This machine, and what of Sluice can work here without its server. */
export type Host = {
  readonly cwd: string
  readonly home: string
  readonly version: string
  /** Folder with a project in each folder. */
  readonly templates: string
  /** How a shell calls this very program. */
  readonly self: string
  readonly language: Language
  /** Runs until it is stopped; gives the exit code. */
  readonly serve: (port: number | undefined) => Promise<number>
  readonly serveWeb: (port: number | undefined) => Promise<number>
  readonly work: (options: { readonly queues?: string; readonly slots?: string }) => Promise<number>
  readonly runLocally: (run: LocalRun) => Promise<'success' | 'error' | 'canceled'>
  /** What `sluice doctor` has seen here. */
  readonly examine: () => Promise<readonly Finding[]>
  /** The new password of admin. */
  readonly resetAdmin: () => Promise<string>
}

/** A run without a server; `write` and `tell` come as it goes on. */
export type LocalRun = {
  readonly folder: string
  readonly workflow: Workflow
  readonly sessionTime: Date
  readonly params: JsonObject
  /** Null: no container, but processes of this machine. */
  readonly image: string | null
  readonly write: (fullName: string, bytes: Uint8Array) => void
  readonly tell: (fullName: string, state: string, why: string | null) => void
}

/** What checking and running a project here needs. */
type Language = {
  /** The words before `>`. */
  readonly operators: () => Promise<ReadonlySet<string>>
  readonly openExpressions: () => Promise<Expressions & { close(): void }>
  /** What environments are rendered from. */
  readonly environment: () => Promise<{ readonly baseImage: string; readonly templates: Templates }>
}

/** The command failed and has said so itself. */
export class Failed extends Error {
  override readonly name = 'Failed'
}
