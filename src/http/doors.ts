/** Who speaks to us decides how we say no: a person with a browser, a program, or git. */
export type Door = 'page' | 'api' | 'flower' | 'git' | 'events'

export function doorOf(path: string): Door {
  if (isUnder(path, '/git')) return 'git'
  if (isUnder(path, '/events')) return 'events'
  if (isUnder(path, '/flower')) return 'flower'
  return ['/api', '/hooks', '/metrics', '/healthz', '/readyz'].some((root) => isUnder(path, root)) ? 'api' : 'page'
}

/** Everything that answers without a user. A route that is not here needs one: there is no other way to be public. */
const PUBLIC = ['/sign-in', '/healthz', '/readyz', '/api/version']
const PUBLIC_ROOTS = ['/assets', '/hooks']

export const isPublic = (path: string): boolean =>
  PUBLIC.includes(path) || PUBLIC_ROOTS.some((root) => path.startsWith(`${root}/`))

const isUnder = (path: string, root: string) => path === root || path.startsWith(`${root}/`)
