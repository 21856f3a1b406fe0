import { findStrayLink } from './inside-path.ts'
import { problemAt } from './problem.ts'
import { MAX_LINKS } from './project-size.ts'
import { quote } from './quote.ts'
import type { Problem } from './workflow.ts'

const TOO_MANY = {
  message: `The project holds more than ${MAX_LINKS} links`,
  hint: 'Commit the files that they lead to, or what makes the links.',
}

/** No worker unpacks a link that leads out, so that no task would ever start. `links` have their targets by path. */
export function checkLinks(links: ReadonlyMap<string, string>): readonly Problem[] {
  const [first] = links.keys()
  if (first !== undefined && links.size > MAX_LINKS) return [problemAt({ file: first, line: 1, column: 1 }, TOO_MANY)]
  const stray = findStrayLink(links)
  if (stray === undefined) return []
  const message = `The link ${stray.path} leads out of the project, to ${quote(stray.target)}`
  const hint = 'Put what it leads to into the project, or remove the link.'
  return [problemAt({ file: stray.path, line: 1, column: 1 }, { message, hint })]
}
