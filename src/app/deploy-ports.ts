import type { BuildId, Commit, DeployId, Digest, JsonObject, LogId, ProjectId, WorkflowId } from '../brand.ts'
import type { Holder } from '../db/deploys.ts'
import type { Hints } from '../db/hints.ts'
import type { Project } from '../db/projects.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { Repositories } from '../git/repositories.ts'
import type { Due, Problem, Schedule, TreeEntry, Workflow } from '../workflow/workflow.ts'

type Files = { readonly tree: readonly TreeEntry[]; readonly texts: ReadonlyMap<string, string> }
type Needs = { readonly kind: 'needs'; readonly paths: readonly string[] }

export type Checked = {
  readonly kind: 'checked'
  readonly workflows: readonly Workflow[]
  readonly problems: readonly Problem[]
  readonly ignored: readonly string[]
}

export type Planned =
  | { readonly kind: 'planned'; readonly plan: JsonObject; readonly notices: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

export type Image =
  | { readonly kind: 'known'; readonly imageKey: string | null }
  | { readonly kind: 'building'; readonly imageKey: string; readonly buildId: BuildId; readonly logId: LogId }

export type BuildOutcome = {
  readonly state: 'queued' | 'running' | 'success' | 'error'
  readonly problem: string | null
}

/** What the language decides. */
export type LanguagePorts = {
  check(files: Files, now: Date): Needs | Checked
  explain(problem: Problem, text: string | undefined): readonly string[]
  firstDue(schedule: Schedule, from: Date): Due | null
}

/** What the environment decides and who makes its image. */
export type ImagePorts = {
  plan(files: Files, builder: Project['builder']): Needs | Planned
  describe(plan: JsonObject): string
  require(need: { projectId: ProjectId; plan: JsonObject; sourceDigest: Digest }, now: Date): Promise<Image>
  outcome(buildId: BuildId): Promise<BuildOutcome>
}

export type SchedulePorts = {
  /** Says what changed, a line each: `+ name`, `- name`, `~ name  old -> new`. */
  sync(
    tx: Sql,
    revision: {
      projectId: ProjectId
      workflows: readonly { workflowId: WorkflowId; name: string; schedule: Schedule | null }[]
    },
    now: Date,
  ): Promise<readonly string[]>
}

export type Fetched =
  | { readonly kind: 'fetched'; readonly commit: Commit }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/** All that a deploy needs of the world; built once in the file that wires. */
export type DeployPorts = {
  readonly sql: Database
  readonly hints: Hints
  readonly repositories: Omit<Repositories, 'folder' | 'folderName' | 'pathOf'>
  readonly language: LanguagePorts
  readonly images: ImagePorts
  readonly schedules: SchedulePorts
  /** Brings the linked branch of a project into its repository. */
  readonly fetchLinked: (project: Project, branch: string) => Promise<Fetched>
  readonly holder: Holder & {
    /** Whether the process behind an owner's name is known to have died. */
    readonly isGone: (owner: string) => boolean
  }
  /** The deploys that this process works on. */
  readonly running: Set<DeployId>
  readonly maxSourceBytes: number
  /** Of the dashboard, without a slash at its end. */
  readonly url: string
  readonly now: () => Date
  /** Told of what should never happen; the deploy is `failed` then. */
  readonly onBug: (error: unknown) => void
}

/** What a step gives when the deploy ends with it; the step has told why. */
export type Stop = { readonly stop: 'declined' | 'failed' | 'replaced'; readonly problem: string }
