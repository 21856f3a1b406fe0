/** What was built: `dist/workflow/` lies beside `dist/bench/`. */
const built = (path: string) => import(`${new URL(`../${path}`, import.meta.url)}`)

type Checked = { readonly workflows: readonly object[]; readonly problems: readonly object[] }

/** The check of a push, with all that it needs. */
export async function openChecker() {
  const [{ checkProject }, { openExpressions }, { OPERATORS }] = await Promise.all([
    built('workflow/check-project.js'),
    built('expression/sandbox.js'),
    built('operators/all.js'),
  ])
  const expressions = await openExpressions()
  const operators = new Set(OPERATORS.keys())
  const now = new Date()
  return {
    check: (texts: ReadonlyMap<string, string>): Checked => {
      const tree = [...texts].map(([path, text]) => ({ path, mode: '100644', bytes: Buffer.byteLength(text) }))
      const checked: Checked = checkProject({ tree, texts, operators, expressions, now })
      if (checked.problems.length > 0) throw new Error('the sample project has problems')
      return checked
    },
    close: (): void => expressions.close(),
  }
}
