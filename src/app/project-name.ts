import { Refusal } from '../refusal.ts'

/** Lower case, because it is also a part of image names and addresses. */
const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/

export const isProjectName = (name: string): boolean => NAME.test(name) && !name.includes('..')

/** The nearest name that is one. */
export const suggestProjectName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '') || 'my-project'

export function refuseProjectName(name: string, hint: string): Refusal {
  const rule = '1 to 63 of a-z, 0-9, dot, dash and underscore, beginning and ending with a letter or digit'
  return new Refusal(
    'invalid',
    `${JSON.stringify(name.slice(0, 100))} cannot be the name of a project: a name is ${rule}`,
    hint,
  )
}
