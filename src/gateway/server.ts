// SPDX-License-Identifier: EUPL-1.2
/**
 * Sockets: limits of connections, headers and time; a graceful end.
 *
 * Node looks at its timeouts only every `connectionsCheckingInterval`; without setting it a request timeout of 2 s fires after 30 s
 * (measured). Node's strict parser answers framing errors itself and closes (H2).
 * Specs: threat model H1, H2.
 * @module
 */
import { constants } from 'node:crypto'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import { TLS_CIPHERS } from '../env.js'
import { cutWhenSlow, type TransferLimits } from './core-body.js'

export interface ServerLimits {
  readonly requestTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  /** How slowly an answer may be taken, from when it is complete and its turn on the connection has come. */
  readonly answers: TransferLimits
  readonly maxHeaderBytes: number
  readonly maxConnections: number
  readonly maxConnectionsPerPeer: number
}

export const SERVER_LIMITS: ServerLimits = {
  requestTimeoutMs: 60_000,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  answers: { minBytesPerSecond: 16 * 1024, graceMs: 10_000 },
  maxHeaderBytes: 16 * 1024,
  maxConnections: 2048,
  maxConnectionsPerPeer: 512,
}

/** PEM texts; with `clientCertificates` a client may prove possession by mutual TLS. */
export interface ServerTls {
  readonly key: string
  readonly certificate: string
}

export interface Listening {
  readonly host: string
  readonly port: number
  readonly url: string
  /** Takes no new connections, lets calls under way finish, then cuts the rest. */
  close(withinMs: number): Promise<void>
}

/**
 * One connection too many from one address is closed at once; the address is never logged.
 * @returns the open ones, also those that have not come as far as HTTP.
 */
function capConnections(server: Server, limits: ServerLimits): ReadonlySet<Socket> {
  const counts = new Map<string, number>()
  const sockets = new Set<Socket>()
  server.maxConnections = limits.maxConnections
  server.on('connection', (socket: Socket) => {
    const peer = socket.remoteAddress ?? ''
    const count = (counts.get(peer) ?? 0) + 1
    counts.set(peer, count)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      const left = (counts.get(peer) ?? 1) - 1
      if (left > 0) counts.set(peer, left)
      else counts.delete(peer)
    })
    if (count > limits.maxConnectionsPerPeer) socket.destroy()
  })
  return sockets
}

/**
 * Node waits for ever for whoever does not read his answer, and holds its bytes meanwhile. An answer says `prefinish` when all of it has been
 * given to its socket: those that wait behind another over the same connection only in their turn.
 */
function cutSlowReaders(server: Server, { answers }: ServerLimits): void {
  // before the handler, which may answer at once
  server.prependListener('request', (_request, response) => {
    response.once('prefinish', () => {
      const bytes = response.socket?.writableLength ?? 0
      if (bytes > 0) cutWhenSlow(response, bytes, answers, Infinity)
    })
  })
}

/** Starts to listen; port 0 takes any. @throws the system's error when the address is taken. */
export async function listen(
  handler: RequestListener,
  address: { readonly host: string; readonly port: number },
  options: { readonly limits?: Partial<ServerLimits>; readonly tls?: ServerTls } = {},
): Promise<Listening> {
  const limits = { ...SERVER_LIMITS, ...options.limits }
  const settings = {
    requestTimeout: limits.requestTimeoutMs,
    // Node refuses a longer one; the header lines are part of the request
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: limits.maxHeaderBytes,
  }
  const { tls } = options
  const server: Server = tls
    ? createHttps(
        {
          ...settings,
          key: tls.key,
          cert: tls.certificate,
          minVersion: 'TLSv1.2',
          ciphers: TLS_CIPHERS,
          handshakeTimeout: limits.headersTimeoutMs,
          requestCert: true,
          rejectUnauthorized: false,
          // A connection has one client certificate for life: whose it is, is looked up once.
          secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
        },
        handler,
      )
    : createHttp(settings, handler)
  const sockets = capConnections(server, limits)
  cutSlowReaders(server, limits)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return {
    host: address.host,
    port,
    url: `${tls ? 'https' : 'http'}://${host}:${port}`,
    close: (withinMs) => drain(server, sockets, withinMs),
  }
}

function drain(server: Server, sockets: ReadonlySet<Socket>, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    // not closeAllConnections: it knows nothing of a TLS handshake that somebody has left half open, and Node waits for its end
    const last = setTimeout(() => sockets.forEach((socket) => socket.destroy()), withinMs)
    server.close(() => {
      clearTimeout(last)
      resolve()
    })
    server.closeIdleConnections()
  })
}
