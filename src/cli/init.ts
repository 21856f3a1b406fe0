import { cp, mkdir, readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { Refusal, systemWords } from '../refusal.ts'
import { credentialHelper, remoteUrl } from './push.ts'
import { commandWith } from './show.ts'
import type { Tools } from './tools.ts'

type Options = { readonly template: string; readonly project?: string }

/** `sluice init DIR` */
export function initCommand(tools: Tools): Command {
  return commandWith(
    'init',
    'Make a project to start from: files, git repository, remote',
    ['sluice init hello', 'a shell script and its workflow'],
    ['sluice init rain --template weather', 'a small pipeline in Python, with a schedule'],
  )
    .argument('<dir>')
    .addOption(new Option('--template <name>', 'what to start from').choices(['hello', 'weather']).default('hello'))
    .option('--project <name>', 'name on the server, if it is not the name of the folder')
    .action(async (dir: string, { template, project }: Options) => {
      const folder = resolve(tools.host.cwd, dir)
      const name = project ?? basename(folder)
      await initProject(tools, { folder, template, project: name })
      tools.say(`Made ${dir} from the template ${template}. Deploy it:\n  cd ${dir}\n  git push sluice main`)
    })
}

/** Files, a repository with one commit, the remote `sluice`, and the helper that hands git our token: `git push sluice main` works. */
export async function initProject(
  tools: Tools,
  { folder, template, project }: { folder: string; template: string; project: string },
): Promise<void> {
  await makeFolder(folder)
  await cp(join(tools.host.templates, template), folder, { recursive: true })
  const git = openGit(tools, folder)
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git(
    ...(await identityWords(tools, folder)),
    'commit',
    '--quiet',
    '--message',
    `Start from the template ${template}`,
  )
  await git('remote', 'add', 'sluice', remoteUrl(tools.client.url, project))
  const key = `credential.${new URL(tools.client.url).origin}.helper`
  await git('config', '--add', key, '') // forgets the helpers of the system: they would keep a copy of the token
  await git('config', '--add', key, credentialHelper(tools.host.self))
}

async function makeFolder(folder: string): Promise<void> {
  const files = await mkdir(folder, { recursive: true })
    .then(() => readdir(folder))
    .catch((error: Error) => {
      throw new Refusal('invalid', `${folder} cannot be made: ${systemWords(error)}`, 'Name another folder.')
    })
  if (files.length > 0)
    throw new Refusal('conflict', `${folder} is not empty`, 'Name a folder that does not exist yet.')
}

/** Throws with git's own words when it fails. */
export function openGit({ run }: Pick<Tools, 'run'>, cwd: string) {
  return async (...words: readonly string[]): Promise<string> => {
    const { code, output } = await run(['git', ...words], { cwd, isShown: false })
    if (code === 0) return output
    throw new Refusal(
      'invalid',
      `git ${words[0]} failed in ${cwd}:\n${output.trim()}`,
      'Correct what git says, and try again.',
    )
  }
}

/** Who never told git a name commits under a placeholder: the first commit is not the place to learn about it. */
async function identityWords({ run }: Tools, cwd: string): Promise<readonly string[]> {
  const { code } = await run(['git', 'config', 'user.email'], { cwd, isShown: false })
  return code === 0 ? [] : ['-c', 'user.name=Sluice', '-c', 'user.email=sluice@localhost']
}
