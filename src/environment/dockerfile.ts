import type { Part } from './part.ts'

/** The files of templates/dockerfiles by their names. */
export type Templates = ReadonlyMap<string, string>

/** The Dockerfile of a detected environment. It holds no file of the project but what its packages are named by: those are under `<language>/` in the context. */
export function renderDockerfile(parts: readonly Part[], templates: Templates): string {
  const head = getTemplate(templates, 'head.Dockerfile')
  if (parts.length === 0) return head
  const rendered = parts.map(({ language, found, install }) =>
    getTemplate(templates, `${language}.Dockerfile`)
      .replace('{found}', found)
      .replace('{install}', () => install),
  )
  return [head, getTemplate(templates, 'trust.Dockerfile'), ...rendered].join('')
}

export function getTemplate(templates: Templates, name: string): string {
  const text = templates.get(name)
  if (text === undefined) throw new Error(`templates/dockerfiles has no ${name}`)
  return text
}
