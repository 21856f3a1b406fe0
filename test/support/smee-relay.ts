import { createServer, type ServerResponse } from 'node:http'

/** A relay that speaks smee's protocol: whoever listens to a channel hears, parsed, what is posted to it. Keeps nothing. */
export async function openSmeeRelay(port = 0, host = '127.0.0.1') {
  const listeners = new Set<ServerResponse>()
  let id = 0
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      listeners.add(response.writeHead(200, { 'content-type': 'text/event-stream' }))
      response.on('close', () => listeners.delete(response))
      return response.write(`id: ${id++}\nevent: ready\ndata: {}\n\n`)
    }
    let body = ''
    for await (const chunk of request) body += chunk
    const query = Object.fromEntries(new URL(request.url ?? '', 'http://x').searchParams)
    const message = { ...request.headers, body: JSON.parse(body), query, timestamp: Date.now() }
    for (const listener of listeners) listener.write(`id: ${id++}\ndata: ${JSON.stringify(message)}\n\n`)
    return response.end()
  })
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  const address = server.address() as { port: number }
  return {
    port: address.port,
    channel: `http://${host}:${address.port}/abc`,
    listeners,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
