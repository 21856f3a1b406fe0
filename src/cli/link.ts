import { type Command, InvalidArgumentError } from 'commander'
import type { LinkAnswer } from '../http/api/ports.ts'
import { Refusal } from '../refusal.ts'
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
    .option('--branch <name>', 'the branch that deploys (default: main)')
    .option('--secret <->', 'read the secret of the webhook from the input, instead of making one', onlyFromInput)
    .action(async (project: string, url: string, { branch, secret, json }: Options) => {
      const body = { url, branch: branch ?? null, secret: secret === undefined ? null : await readSecret(tools) }
      const answer = await tools.client.send<LinkAnswer>('PUT', pathOf('projects', project, 'link'), body)
      if (json) return sayJson(tools, answer)
      for (const line of explainLink(answer)) tools.say(line)
    })
}

async function readSecret(tools: Tools): Promise<string> {
  const secret = (await tools.readInput()).trim()
  if (secret !== '') return secret
  throw new Refusal(
    'invalid',
    '--secret - reads the secret from the input, and the input is empty',
    'Pipe it in (echo "$SECRET" | sluice link … --secret -), or leave --secret out, and one is made.',
  )
}

function onlyFromInput(word: string): '-' {
  if (word === '-') return word
  throw new InvalidArgumentError(
    'Only - is understood: other people of this host could read a secret in a command line.',
  )
}

function explainLink({ newSecret, deployKey, hostKeys, ...link }: LinkAnswer): readonly string[] {
  return [
    `${link.project} deploys ${link.branch} of ${link.url}.`,
    '',
    'Add a webhook there:',
    `  Payload URL   ${link.hookUrl}`,
    '  Content type  application/json',
    `  Secret        ${newSecret ?? 'the one it has'}`,
    '  Events        just the push event',
    ...(newSecret === null ? [] : ['  This is the only time the secret is shown.']),
    ...(deployKey === null ? [] : ['', 'Add this deploy key there (reading is enough):', `  ${deployKey}`]),
    ...(hostKeys.length === 0
      ? []
      : ['', 'From now on the host is trusted by these keys alone. Compare them with what it publishes:']),
    ...hostKeys.map(({ fingerprint }) => `  ${fingerprint}`),
  ]
}
