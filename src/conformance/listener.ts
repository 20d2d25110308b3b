// SPDX-License-Identifier: EUPL-1.2
/**
 * The door for who calls us: one HTTP server on one address, for the roles that listen. Bodies are read up to a limit; how an answer ends is
 * part of what is said, so that an answer can break off, or not come at all.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Incoming {
  readonly path: string
  readonly body: Uint8Array
  /** Aborted when the caller has gone. */
  readonly gone: AbortSignal
}

export type Outgoing =
  | { readonly kind: 'whole'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: Uint8Array }
  /** Announced whole, and closed in the middle. */
  | { readonly kind: 'broken-off'; readonly body: Uint8Array }
  /** Closed without a word. */
  | { readonly kind: 'closed' }
  /** Nothing, until the caller has gone. */
  | { readonly kind: 'held' }

export interface Listener {
  /** Origin. */
  readonly url: string
  close(): Promise<void>
}

/** @param maxBytes larger bodies are answered 413, and not read. */
export async function listen(
  at: { readonly host: string; readonly port: number; readonly maxBytes: number },
  answer: (incoming: Incoming) => Promise<Outgoing>,
): Promise<Listener> {
  const server = createServer((request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    read(request, at.maxBytes)
      .then((body) => (body ? answer({ path: request.url ?? '/', body, gone: gone.signal }) : TOO_LARGE))
      .then((outgoing) => send(outgoing, response))
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const TOO_LARGE: Outgoing = { kind: 'whole', status: 413, body: new Uint8Array(0) }

async function read(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

export function send(outgoing: Outgoing, response: ServerResponse): void {
  switch (outgoing.kind) {
    case 'whole':
      response.writeHead(outgoing.status, { 'Content-Type': 'text/xml; charset=UTF-8', ...outgoing.headers }).end(outgoing.body)
      return
    case 'broken-off': {
      const { body } = outgoing
      response.writeHead(200, { 'Content-Type': 'text/xml; charset=UTF-8', 'Content-Length': body.byteLength })
      response.write(body.subarray(0, body.byteLength >> 1), () => response.destroy())
      return
    }
    case 'closed':
      response.destroy()
      return
    case 'held':
      // the caller's own limit ends this
      return
  }
}
