export type ProgramName = 'docker' | 'runc' | 'Docker Desktop' | 'git' | 'haproxy'

export type Program = {
  readonly name: ProgramName
  /** As it says itself: 20.10.24+dfsg1. */
  readonly version: string
  /** Null: it was not installed by Debian's or Ubuntu's package manager. */
  readonly package: { readonly name: string; readonly version: string; readonly fixes: readonly string[] } | null
}

type Escape = {
  readonly program: ProgramName
  readonly names: readonly string[]
  /** Finishes: it lets … */
  readonly lets: string
  /** The first good version of each branch; newer branches are good. */
  readonly fixedIn: readonly string[]
}

/** Ways out of a container, past a check or into a host that are public, and in programs that Sluice relies on. */
const KNOWN: readonly Escape[] = [
  {
    program: 'runc',
    names: ['CVE-2024-21626'],
    lets: 'a task or a build reach the host’s files',
    fixedIn: ['1.1.12'],
  },
  {
    program: 'runc',
    names: ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881'],
    lets: 'a Dockerfile take over the host',
    fixedIn: ['1.2.8', '1.3.3', '1.4.0'],
  },
  {
    program: 'docker',
    names: ['CVE-2024-41110'],
    lets: 'callers of the engine get past its authorization plugins',
    fixedIn: ['23.0.15', '25.0.6', '26.1.5', '27.1.1'],
  },
  {
    program: 'Docker Desktop',
    names: ['CVE-2025-9074'],
    lets: 'every container use the engine’s API',
    fixedIn: ['4.44.3'],
  },
  {
    program: 'git',
    names: ['CVE-2024-32002', 'CVE-2024-32004'],
    lets: 'a repository run a program when it is cloned',
    fixedIn: ['2.39.4', '2.40.2', '2.41.1', '2.42.2', '2.43.4', '2.44.1', '2.45.1'],
  },
  {
    program: 'git',
    names: ['CVE-2025-48384', 'CVE-2025-48385'],
    lets: 'a repository write files outside its folder when it is cloned',
    fixedIn: ['2.43.7', '2.44.4', '2.45.4', '2.46.4', '2.47.3', '2.48.2', '2.49.1', '2.50.1'],
  },
  {
    program: 'haproxy',
    names: ['CVE-2023-25725', 'CVE-2023-40225'],
    lets: 'clients smuggle requests past its rules',
    fixedIn: ['2.0.33', '2.2.31', '2.4.24', '2.6.15', '2.7.10', '2.8.2'],
  },
]

/** Those that are open in this program. A package that names the hole among what it fixes is fixed, whatever its version says. */
export function findEscapes(program: Program): readonly Pick<Escape, 'names' | 'lets' | 'fixedIn'>[] {
  return KNOWN.filter(
    (known) => known.program === program.name && !isAtLeastOneOf(program.version, known.fixedIn),
  ).flatMap((known) => {
    const names = known.names.filter((name) => program.package?.fixes.includes(name) !== true)
    return names.length === 0 ? [] : [{ ...known, names }]
  })
}

/** Of the same branch (1.2) and not older, or of a newer branch than all. */
function isAtLeastOneOf(version: string, fixedIn: readonly string[]): boolean {
  const own = numbersOf(version)
  const fixed = fixedIn.map(numbersOf)
  if (fixed.some((one) => compare(one.slice(0, 2), own.slice(0, 2)) === 0 && compare(own, one) >= 0)) return true
  return fixed.every((one) => compare(own.slice(0, 2), one.slice(0, 2)) > 0)
}

/** `20.10.24+dfsg1` is 20, 10, 24. */
const numbersOf = (version: string) => (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number)

function compare(a: readonly number[], b: readonly number[]): number {
  const at = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => (a[index] ?? 0) - (b[index] ?? 0))
  return at.find((difference) => difference !== 0) ?? 0
}
