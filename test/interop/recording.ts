// SPDX-License-Identifier: EUPL-1.2
/**
 * A recorder on loopback between two parties of an interop run: passes every exchange on and keeps both bodies as they were on the wire.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { osciHttp } from '../../src/client/osci/transport.js'

export interface Exchanged {
  readonly path: string
  readonly request: Uint8Array
  readonly response: Uint8Array
}

export interface Recorder {
  readonly url: string
  readonly exchanges: readonly Exchanged[]
  close(): void
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** @param target origin, without a path. */
export async function startRecorder(target: string): Promise<Recorder> {
  const exchanges: Exchanged[] = []
  const onward = osciHttp()
  const pass = async (path: string, request: Uint8Array) => {
    const answer = await onward.post(`${target}${path}`, request, { timeoutMs: 120_000, maxBytes: 1 << 28 })
    exchanges.push({ path, request, response: answer.body })
    return answer
  }
  const server = createServer((incoming, outgoing) => {
    bodyOf(incoming)
      .then((request) => pass(incoming.url ?? '/', request))
      .then(({ status, contentType, body }) => outgoing.writeHead(status, { 'Content-Type': contentType }).end(body))
      .catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    exchanges,
    close() {
      server.close()
      server.closeAllConnections()
      onward.close()
    },
  }
}
