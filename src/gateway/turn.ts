// SPDX-License-Identifier: EUPL-1.2
/**
 * The turn of a call on its connection.
 *
 *   call 1 ─ call 2 ─ call 3 ─►      HTTP/1.1 lets a caller send the next call before the last one is answered
 *   ◄─ answer 1 ─ answer 2 …         answers leave in that order: until its turn has come, a response has no socket
 *
 * Of a response that never got its turn Node says neither `finish` nor `close`. So whoever claims something for a caller, or holds
 * something until the response is over, waits for the turn first: what is then claimed can be handed over, and how that ends is told.
 * Specs: [RFC 9112 §9.3.2], only safe methods may be worked on side by side; threat model C6, H1.
 * @module
 */
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const ends = new WeakMap<Socket, AbortController>()

/** Aborted when the connection of this call ends. One listener for a connection, however many calls it carries. */
export function connectionEnd({ socket }: IncomingMessage): AbortSignal {
  const known = ends.get(socket)
  if (known !== undefined) return known.signal
  const end = new AbortController()
  ends.set(socket, end)
  // as many as calls are on the connection; each takes its own away
  setMaxListeners(0, end.signal)
  if (socket.destroyed) end.abort()
  else socket.once('close', () => end.abort())
  return end.signal
}

/** @returns whether the caller can be answered; false: its connection ended before the turn came. */
export function turnOf(response: ServerResponse): Promise<boolean> {
  const { req } = response
  const { socket } = req
  if (response.socket !== null || !socket.writable) return Promise.resolve(socket.writable)
  const gone = connectionEnd(req)
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('socket', end)
      gone.removeEventListener('abort', end)
      resolve(socket.writable)
    }
    response.once('socket', end)
    gone.addEventListener('abort', end)
  })
}
