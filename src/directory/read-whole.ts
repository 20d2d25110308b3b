// SPDX-License-Identifier: EUPL-1.2
/**
 * The body of an answer, no longer than allowed and no later.
 * @module
 */

/**
 * @param late ends the reading. `fetch` looks to it only until the garbage collector has taken what ties them, and would wait for ever for
 *   the rest of an answer that gets stuck.
 * @throws {RangeError} more than `maxBytes`. The reason of `late`. Whatever breaks the connection.
 */
export async function readWhole(response: Response, late: AbortSignal, maxBytes: number): Promise<Uint8Array> {
  const reader = response.body?.getReader()
  if (!reader) return new Uint8Array()
  // a read that waits comes back without anything then
  const stop = (): void => void reader.cancel().catch(() => undefined)
  if (late.aborted) stop()
  else late.addEventListener('abort', stop)
  try {
    const parts: Uint8Array[] = []
    let size = 0
    for (;;) {
      const next = await reader.read()
      late.throwIfAborted()
      if (next.done) return new Uint8Array(Buffer.concat(parts))
      const part = next.value as Uint8Array
      size += part.byteLength
      if (size > maxBytes) {
        stop()
        throw new RangeError(`more than ${maxBytes} bytes`)
      }
      parts.push(part)
    }
  } finally {
    late.removeEventListener('abort', stop)
  }
}
