/** A `Base` that was checked at the rim once and cannot be mixed up with another since. */
export type Brand<Base, Name extends string> = Base & { readonly __brand: Name }

/** Any value of JSON. Objects keep the order of their keys. */
export type Json = null | boolean | number | ExactNumber | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }

/** A number that a double does not keep as it is written, such as 1.0 or one of twenty digits. It counts as the double, and is shown as it is written. */
export class ExactNumber extends Number {
  readonly text: string

  constructor(text: string) {
    super(text)
    this.text = text
  }

  override toString(): string {
    return this.text
  }
}

export type ProjectId = Brand<string, 'ProjectId'>
export type DeliveryId = Brand<string, 'DeliveryId'>
export type DeployId = Brand<string, 'DeployId'>
export type BuildId = Brand<string, 'BuildId'>
export type RevisionId = Brand<string, 'RevisionId'>
export type WorkflowId = Brand<string, 'WorkflowId'>
export type ScheduleId = Brand<string, 'ScheduleId'>
export type SessionId = Brand<string, 'SessionId'>
export type AttemptId = Brand<string, 'AttemptId'>
export type TaskId = Brand<string, 'TaskId'>
export type LogId = Brand<string, 'LogId'>
export type UserId = Brand<string, 'UserId'>

/** 40 lower-case hex digits. */
export type Commit = Brand<string, 'Commit'>
/** `sha256:` and 64 hex digits. */
export type Digest = Brand<string, 'Digest'>
