import type { Digest } from '../brand.ts'
import type { BuildEnd, ImageBuilder } from '../docker/build.ts'
import type { Plan } from '../environment/plan.ts'

export type ImageNeed = {
  readonly imageKey: string
  /** Its name on an engine. */
  readonly tag: string
  readonly plan: Plan
  readonly sourceDigest: Digest
}

export type BuildImagePorts = {
  readonly builder: Pick<ImageBuilder, 'build' | 'find'>
  readonly readSource: (digest: Digest) => Promise<Buffer>
}

/** What is said of an engine that could not build, whatever the project says: nobody has to do it again. */
export const explainBroken = (problem: string) =>
  `${problem}. Waiting builds and tasks go on by themselves when it is well.`

type Retryable = Extract<BuildEnd, { kind: 'broken' | 'killed' }>
export const isWorthAnother = (end: BuildEnd): end is Retryable => end.kind === 'broken' || end.kind === 'killed'

/** Builds the image of a key on this worker's engine. */
export async function buildImage(
  { builder, readSource }: BuildImagePorts,
  { tag, plan, sourceDigest }: Omit<ImageNeed, 'imageKey'>,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<BuildEnd> {
  const tarGz = await readSource(sourceDigest)
  return builder.build({ plan, tarGz, tag }, tell, signal)
}
