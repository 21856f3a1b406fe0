/** More files than any project has; below a folder that has more lies a home or a disk. */
export const MAX_FILES = 50_000
/** More than text packs; zeros pack a thousandfold. What is small may be anything. */
const MAX_RATIO = 100
const MIN_BYTES = 16 * 2 ** 20
/** How much may come out of a tar.gz of `packedBytes`, of which a project may have `maxBytes`. */
export const unpackedAtMost = (packedBytes: number, maxBytes: number): number =>
  Math.min(maxBytes, Math.max(MIN_BYTES, packedBytes * MAX_RATIO))

/** Each of them is followed, however it winds. */
export const MAX_LINKS = 2000

/** Deeper than any project goes; what walks up from each file walks no further. */
export const MAX_LEVELS = 100
