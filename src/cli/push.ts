import { basename } from 'node:path'
import type { Command } from 'commander'
import { Refusal } from '../refusal.ts'
import { commandWith } from './show.ts'
import { Failed, type Tools } from './tools.ts'

type Options = { readonly branch?: string; readonly option?: readonly string[] }

/** `sluice push [PROJECT]` */
export function pushCommand(tools: Tools): Command {
  return commandWith(
    'push',
    'Deploy the commit that is checked out here, by git push',
    ['sluice push', 'to the project of the remote named sluice, or of the name of this folder'],
    ['sluice push weather', 'to this project; it is made if there is none'],
  )
    .argument('[project]')
    .option('--branch <name>', 'push to this branch instead of the one of the same name')
    .option(
      '-o, --option <text>',
      'a push option, for the record; may be repeated',
      (text: string, before: string[] = []) => [...before, text],
    )
    .action(async (project: string | undefined, { branch, option = [] }: Options) => {
      const here = await readCheckout(tools)
      const target =
        project === undefined && here.hasRemote ? 'sluice' : remoteUrl(tools.client.url, project ?? here.name)
      if (here.isDirty) tools.note('What is not committed is not pushed.')
      const words = pushWords(tools, { target, branch: branch ?? here.branch, options: option })
      const { code } = await tools.run(words, { cwd: tools.host.cwd, isShown: true })
      if (code !== 0) throw new Failed() // git has said why
    })
}

export const remoteUrl = (url: string, project: string): string =>
  new URL(`/git/${encodeURIComponent(project)}.git`, url).href

/** The empty helper comes first: it forgets those that would write our token into a store of theirs. */
export function credentialWords({ client, host }: Tools): readonly string[] {
  const key = `credential.${new URL(client.url).origin}.helper`
  return ['-c', `${key}=`, '-c', `${key}=${credentialHelper(host.self)}`]
}

/** What git calls. Only `get` is worth a process of ours: with every push git also waits for the helper to store what it got. */
export const credentialHelper = (self: string) => `!f() { test "$1" != get || ${self} credential get; }; f`

function pushWords(
  tools: Tools,
  { target, branch, options }: { target: string; branch: string; options: readonly string[] },
) {
  const given = options.flatMap((text) => ['-o', text])
  return ['git', ...credentialWords(tools), 'push', ...given, target, `HEAD:refs/heads/${branch}`]
}

async function readCheckout({ run, host: { cwd } }: Tools) {
  const ask = async (...words: string[]) => {
    const { code, output } = await run(['git', ...words], { cwd, isShown: false })
    return code === 0 ? output.trim() : undefined
  }
  const top = await ask('rev-parse', '--show-toplevel')
  if (top === undefined)
    throw new Refusal('invalid', `${cwd} is no git repository`, 'Go to your project, or make one: sluice init hello')
  if ((await ask('rev-parse', '--verify', '--quiet', 'HEAD')) === undefined)
    throw new Refusal('invalid', `${top} has no commit yet`, 'Make one: git add . && git commit -m "First version"')
  return {
    name: basename(top),
    branch: (await ask('symbolic-ref', '--short', '--quiet', 'HEAD')) ?? 'main', // a detached HEAD has no branch of its own
    hasRemote: (await ask('remote', 'get-url', 'sluice')) !== undefined,
    isDirty: (await ask('status', '--porcelain')) !== '',
  }
}
