import { Command } from 'commander'
import { attemptsCommand } from './attempts.ts'
import { builderCommand } from './builder.ts'
import { checkCommand } from './check.ts'
import { credentialCommand } from './credential.ts'
import { decideCommand } from './decide.ts'
import { demoCommand } from './demo.ts'
import { deploysCommand } from './deploys.ts'
import { doctorCommand } from './doctor.ts'
import { graphCommand } from './graph.ts'
import { initCommand } from './init.ts'
import { killCommand } from './kill.ts'
import { linkCommand } from './link.ts'
import { logCommand } from './log.ts'
import { projectsCommand } from './projects.ts'
import { pushCommand } from './push.ts'
import { retryCommand } from './retry.ts'
import { revisionsCommand } from './revisions.ts'
import { runCommand } from './run.ts'
import { disableScheduleCommand, enableScheduleCommand, schedulesCommand } from './schedules.ts'
import { resetCommand, serverCommand, webCommand, workerCommand } from './server.ts'
import { startCommand } from './start.ts'
import { tasksCommand } from './tasks.ts'
import { addTokenCommand, removeTokenCommand, tokensCommand } from './tokens.ts'
import type { Tools } from './tools.ts'
import { versionCommand } from './version.ts'
import { queuesCommand, workersCommand } from './workers.ts'
import { workflowsCommand } from './workflows.ts'

/** In the order in which `sluice --help` shows them. */
const GROUPS: readonly (readonly [string, readonly ((tools: Tools) => Command)[]])[] = [
  ['Write and deploy:', [initCommand, checkCommand, graphCommand, pushCommand, linkCommand, builderCommand]],
  [
    'Run:',
    [startCommand, runCommand, retryCommand, killCommand, decideCommand, disableScheduleCommand, enableScheduleCommand],
  ],
  ['See what runs:', [attemptsCommand, tasksCommand, logCommand]],
  [
    'See what there is:',
    [
      projectsCommand,
      revisionsCommand,
      deploysCommand,
      workflowsCommand,
      schedulesCommand,
      workersCommand,
      queuesCommand,
    ],
  ],
  [
    'Set up:',
    [
      serverCommand,
      webCommand,
      workerCommand,
      doctorCommand,
      demoCommand,
      resetCommand,
      tokensCommand,
      addTokenCommand,
      removeTokenCommand,
      versionCommand,
    ],
  ],
]

export function createProgram(tools: Tools): Command {
  const program = new Command('sluice')
    .description('git push to deploy, for data pipelines.')
    .usage('<command>')
    .exitOverride()
    .configureOutput({ writeOut: (text) => tools.say(text.trimEnd()), writeErr: (text) => tools.note(text.trimEnd()) })
    .showHelpAfterError('Its help: sluice --help')
    .addHelpText('after', HELP)
  for (const [group, commands] of GROUPS)
    for (const make of commands) {
      const command = make(tools).copyInheritedSettings(program).helpGroup(group)
      program.addCommand(command.showHelpAfterError(`Its help: sluice ${command.name()} --help`))
    }
  return program.addCommand(credentialCommand(tools).copyInheritedSettings(program), { hidden: true })
}

const HELP = `
The server is the one of SLUICE_URL, else the local one, opened by the token in SLUICE_TOKEN, else its own token file.
Exit codes: 0 it worked, 1 it failed, 2 the command line is wrong, 4 no entry without a token.
A command's examples: sluice COMMAND --help`
