import { archiveOf } from './tar.ts'

/** A revision's files as they are stored. */
export const tarGzOf = (files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> =>
  archiveOf(Object.entries(files).map(([name, content]) => ({ name, content })))
