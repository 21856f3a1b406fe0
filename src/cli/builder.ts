import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { pathOf } from './client.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import type { Tools } from './tools.ts'

type Options = { readonly path?: string; readonly arg?: Readonly<Record<string, string>>; readonly json?: boolean }

/** `sluice builder:set PROJECT KIND` */
export function builderCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'builder:set',
      'Choose how the image of a project is built',
      ['sluice builder:set weather dockerfile --path docker/Dockerfile', 'from this file'],
      ['sluice builder:set weather auto', 'from its Dockerfile, or by what is found in it'],
      ['sluice builder:set weather none', 'no build: the plain base image'],
    ),
  )
    .argument('<project>')
    .addArgument(new Argument('<kind>').choices(['auto', 'dockerfile', 'none']))
    .addOption(new Option('--path <file>', 'the Dockerfile, from the top of the project'))
    .option('--arg <key=value>', 'a build argument; may be repeated', collectArg)
    .action(async (project: string, kind: string, { path, arg, json }: Options) => {
      const answer = await tools.client.send('PUT', pathOf('projects', project, 'builder'), { kind, path, args: arg })
      if (json) return sayJson(tools, answer)
      tools.say(`The next deploy of ${project} is built this way: ${kind}${path === undefined ? '' : ` from ${path}`}.`)
    })
}

function collectArg(word: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? []
  if (key === undefined || value === undefined) throw new InvalidArgumentError('It must look like KEY=value.')
  return { ...before, [key]: value }
}
