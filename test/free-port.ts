// SPDX-License-Identifier: EUPL-1.2
/**
 * Ports for servers whose address must be known before they listen.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below the ports that the system gives away by itself: of those, one that was free a moment ago may by now be the near end of
 * anybody's connection. A node of a Redis cluster listens 10,000 above its port as well.
 */
const FIRST = 12_000
const LAST = 21_999

/** Nobody who starts at the same moment gets it, either: chance tells them apart. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
