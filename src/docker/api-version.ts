import { Refusal } from '../refusal.ts'

/** Docker 20.10's. What we ask of an engine was never tried with an older one. */
const OLDEST = '1.41'

/** Why an engine cannot be used; undefined: it can. */
export function refuseOld({ version, apiVersion }: { version: string; apiVersion: string }): Refusal | undefined {
  if (!isOlder(apiVersion, OLDEST)) return undefined
  return new Refusal(
    'invalid',
    `The engine of this machine is Docker ${version}, whose API ${apiVersion} is too old: Sluice needs API ${OLDEST}.`,
    'Install Docker 20.10 or newer, then start Sluice again.',
  )
}

/** Number by number: 1.9 is older than 1.41. */
function isOlder(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}
