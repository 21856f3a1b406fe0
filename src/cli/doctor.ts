import type { Command } from 'commander'
import type { Finding } from '../doctor/judge-host.ts'
import { commandWith, sayJson } from './show.ts'
import { Failed, type Tools } from './tools.ts'

const SIGNS = { fine: 'ok  ', warning: 'WARN', problem: 'FAIL' } as const satisfies Record<Finding['verdict'], string>

/** `sluice doctor` */
export function doctorCommand(tools: Tools): Command {
  return commandWith(
    'doctor',
    'Look at this host: engine, programs, stores, disks, clock, firewall',
    ['sluice doctor', 'exit code 1 when something keeps Sluice from working'],
    ['sluice doctor --json', 'the same for a program'],
  )
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await tools.host.examine()
      if (json) sayJson(tools, { findings })
      else for (const finding of findings) sayFinding(tools, finding)
      if (findings.some(({ verdict }) => verdict === 'problem')) throw new Failed()
    })
}

function sayFinding({ say }: Tools, { about, verdict, text, hint }: Finding): void {
  say(`${SIGNS[verdict]}  ${about}: ${text}`)
  if (hint !== null) say(`      ${hint}`)
}
