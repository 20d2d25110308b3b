// SPDX-License-Identifier: EUPL-1.2
/**
 * The door for who calls us: one HTTP server on one address, for the roles that listen. Bodies are read up to a limit; how an answer ends is
 * part of what is said, so that an answer can break off, or not come at all.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ProtektorError } from '../errors.js'
import { TEXT_XML, type Body, type Posted } from './wire.js'

export interface Incoming extends Body {
  readonly path: string
  /** Aborted when the caller has gone. */
  readonly gone: AbortSignal
}

export type Outgoing =
  | ({ readonly kind: 'whole'; readonly headers?: Readonly<Record<string, string>> } & Posted)
  /** Announced whole, and closed in the middle. */
  | ({ readonly kind: 'broken-off' } & Body)
  /** Closed without a word. */
  | { readonly kind: 'closed' }

/** An answer as it came, or as the library would say it. */
export const whole = ({ status = 200, contentType = TEXT_XML, body }: Partial<Posted> & Pick<Posted, 'body'>): Outgoing => ({
  kind: 'whole',
  status,
  contentType,
  body,
})

export interface Listener {
  /** Origin. */
  readonly url: string
  /** Aborted by an error of our own while answering, which is its reason: what is seen from then on is no verdict on anybody. */
  readonly broken: AbortSignal
  /** Hangs up on everybody, and waits for what is under way. */
  close(): Promise<void>
}

/** @param maxBytes larger bodies are answered 413, and not read. */
export async function listen(
  at: { readonly host: string; readonly port: number; readonly maxBytes: number },
  answer: (incoming: Incoming) => Promise<Outgoing>,
): Promise<Listener> {
  const broken = new AbortController()
  const underWay = new Set<Promise<void>>()
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const body = await read(request, at.maxBytes)
      const head = { path: request.url ?? '/', contentType: request.headers['content-type'] ?? '', gone: gone.signal }
      send(body ? await answer({ ...head, body }) : TOO_LARGE, response)
    } catch (error) {
      response.destroy()
      // what the caller or the other side did wrong is for those who look at it
      if (!(error instanceof ProtektorError)) broken.abort(error)
    }
  }
  const server = createServer((request, response) => {
    const one = serve(request, response).finally(() => underWay.delete(one))
    underWay.add(one)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    broken: broken.signal,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await Promise.all(underWay)
    },
  }
}

const TOO_LARGE = whole({ status: 413, body: new Uint8Array(0) })

/** @throws {ProtektorError} the caller has gone. */
async function read(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).byteLength
      if (bytes > maxBytes) return undefined
      chunks.push(chunk as Buffer)
    }
  } catch (cause) {
    throw new ProtektorError('conformance.broken-off', 'the caller broke off', { cause })
  }
  return Buffer.concat(chunks)
}

const typed = (contentType: string): Readonly<Record<string, string>> => (contentType === '' ? {} : { 'Content-Type': contentType })

function send(outgoing: Outgoing, response: ServerResponse): void {
  switch (outgoing.kind) {
    case 'whole':
      response.writeHead(outgoing.status, { ...typed(outgoing.contentType), ...outgoing.headers }).end(outgoing.body)
      return
    case 'broken-off': {
      const { contentType, body } = outgoing
      response.writeHead(200, { ...typed(contentType), 'Content-Length': body.byteLength })
      response.write(body.subarray(0, body.byteLength >> 1), () => response.destroy())
      return
    }
    case 'closed':
      response.destroy()
  }
}
