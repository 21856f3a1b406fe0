import { type Command, InvalidArgumentError } from 'commander'
import type { LinkAnswer } from '../http/api/ports.ts'
import { pathOf } from './client.ts'
import { commandWith, sayJson, withJson } from './show.ts'
import type { Tools } from './tools.ts'

type Options = { readonly branch?: string; readonly secret?: '-'; readonly json?: boolean }

/** `sluice link PROJECT URL` */
export function linkCommand(tools: Tools): Command {
  return withJson(
    commandWith(
      'link',
      'Deploy a project from its repository elsewhere, by webhook',
      ['sluice link shop https://github.com/ana/shop.git', 'prints the address and the secret for the webhook'],
      ['sluice link shop git@github.com:ana/shop.git --branch live', 'prints a deploy key as well'],
      ['echo "$SECRET" | sluice link shop https://github.com/ana/shop.git --secret -', 'with a secret of yours'],
    ),
  )
    .argument('<project>')
    .argument('<url>', 'what you would give to git clone: https or ssh')
    .option('--branch <name>', 'the branch that deploys', 'main')
    .option('--secret <->', 'read the secret of the webhook from the input, instead of making one', onlyFromInput)
    .action(async (project: string, url: string, { branch, secret, json }: Options) => {
      const given = secret === undefined ? undefined : (await tools.readInput()).trim()
      const body = { url, branch, secret: given }
      const answer = await tools.client.send<LinkAnswer>('PUT', pathOf('projects', project, 'link'), body)
      if (json) return sayJson(tools, answer)
      for (const line of explainLink(answer)) tools.say(line)
    })
}

function onlyFromInput(word: string): '-' {
  if (word === '-') return word
  throw new InvalidArgumentError(
    'Only - is understood: other people of this host could read a secret in a command line.',
  )
}

function explainLink(link: LinkAnswer): readonly string[] {
  const deployKey = link.deployKey ?? undefined
  return [
    `${link.project} deploys ${link.branch} of ${link.url}.`,
    '',
    'Add a webhook there:',
    `  Payload URL   ${link.hookUrl}`,
    '  Content type  application/json',
    `  Secret        ${link.secret ?? 'the one you gave'}`,
    '  Events        just the push event',
    ...(link.secret === null ? [] : ['  This is the only time the secret is shown.']),
    ...(deployKey === undefined ? [] : ['', 'Add this deploy key there (reading is enough):', `  ${deployKey}`]),
    ...(link.hostKeys === null
      ? []
      : ['', 'From now on only these keys of the host are trusted:', indent(link.hostKeys)]),
  ]
}

const indent = (text: string) => text.trimEnd().replaceAll(/^/gm, '  ')
