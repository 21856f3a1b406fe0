import type { Command } from 'commander'
import { commandWith, sayJson, withJson } from './show.ts'
import type { Tools } from './tools.ts'

/** `sluice version` */
export function versionCommand(tools: Tools): Command {
  return withJson(
    commandWith('version', 'Show the version of this command and of the server', ['sluice version', 'both']),
  ).action(async ({ json }: { json?: boolean }) => {
    const { version: server } = await tools.client.get<{ version: string }>('/api/version')
    if (json) return sayJson(tools, { client: tools.host.version, server, url: tools.client.url })
    tools.say(`Client version: ${tools.host.version}\nServer version: ${server} (${tools.client.url})`)
  })
}
