// SPDX-License-Identifier: EUPL-1.2
/**
 * A password that changes while nodes run: connections that stand go on without being asked again, so that only the next one is refused. Then
 * it is read again, and a later attempt is made with what was found.
 * @module
 */
import type { Redis } from 'ioredis'

const REFUSED = /\b(WRONGPASS|NOAUTH)\b/

/** @param read gives what holds now; whatever it throws leaves the password as it is. */
export function renewPassword(client: Redis, read: () => Promise<string>): void {
  let reading = false
  const renew = async (): Promise<void> => {
    reading = true
    client.options.password = await read().catch(() => client.options.password)
    reading = false
  }
  client.on('error', (error) => {
    if (!reading && REFUSED.test(error.message)) void renew()
  })
}
