import { type Command, InvalidArgumentError } from 'commander'
import { commandWith } from './show.ts'
import { Failed, type Tools } from './tools.ts'

/** `sluice server` */
export function serverCommand(tools: Tools): Command {
  return commandWith(
    'server',
    'Run the server and a worker here, until it is stopped',
    ['sluice server', 'on http://127.0.0.1:8080, with embedded stores'],
    ['sluice server --port 9000', 'elsewhere'],
  )
    .option('--port <n>', 'instead of the port of SLUICE_LISTEN', readPort)
    .action(async ({ port }: { port?: number }) => end(await tools.host.serve(port)))
}

/** `sluice web` */
export function webCommand(tools: Tools): Command {
  return commandWith(
    'web',
    'Run a server without a worker here, one of several, until it is stopped',
    ['sluice web', 'with the DATABASE_URL and REDIS_URL of the installation'],
    ['sluice web --port 8101', 'beside another on this host'],
  )
    .option('--port <n>', 'instead of the port of SLUICE_LISTEN', readPort)
    .action(async ({ port }: { port?: number }) => end(await tools.host.serveWeb(port)))
}

/** They say themselves why they ended. */
function end(code: number): void {
  if (code !== 0) throw new Failed()
}

function readPort(word: string): number {
  const port = Number(word)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new InvalidArgumentError('It must be a number from 1 to 65535.')
}

/** `sluice worker` */
export function workerCommand(tools: Tools): Command {
  return commandWith(
    'worker',
    'Run one more worker here, until it is stopped',
    ['sluice worker', 'beside the server, or on another host with DATABASE_URL'],
    ['sluice worker --queues gpu,default --slots 2', 'two tasks at once, of two queues'],
  )
    .option('--queues <names>', 'instead of SLUICE_QUEUES')
    .option('--slots <n>', 'instead of SLUICE_SLOTS')
    .action(async (options: { queues?: string; slots?: string }) => end(await tools.host.work(options)))
}

/** `sluice admin:reset` */
export function resetCommand(tools: Tools): Command {
  return commandWith('admin:reset', 'Give the user admin a new password, and show it once', [
    'sluice admin:reset',
    'run it on the host of the server',
  ]).action(async () => {
    const password = await tools.host.resetAdmin()
    tools.say(password)
    tools.note('This is the new password of admin. Every browser is signed out; tokens stay as they are.')
  })
}
