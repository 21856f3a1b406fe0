import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

type Seen = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly bytes: number
}

export type Recorder = Awaited<ReturnType<typeof openRecorder>>

/** Stands for a web: keeps what reaches it. */
export async function openRecorder(port = 0) {
  const seen: Seen[] = []
  const state = {
    isReady: true,
    answer: (_request: IncomingMessage, response: ServerResponse) => void response.end('ok'),
  }
  const server: Server = createServer(async (request, response) => {
    const path = request.url ?? ''
    if (path === '/readyz' || path === '/healthz') {
      const isNamed = request.headers.host !== undefined // a web of ours wants to know which one it is taken for
      response.statusCode = isNamed && (path === '/healthz' || state.isReady) ? 200 : 503
      return void response.end()
    }
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    seen.push({ method: request.method ?? '', path, headers: request.headers, bytes })
    state.answer(request, response)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    seen,
    state,
    address: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
