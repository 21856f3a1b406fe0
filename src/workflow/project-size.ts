/** More files than any project has; below a folder that has more lies a home or a disk. */
export const MAX_FILES = 50_000
/** Deeper than any project goes; what walks up from each file walks no further. */
export const MAX_LEVELS = 100
