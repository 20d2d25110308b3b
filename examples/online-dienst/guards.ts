// SPDX-License-Identifier: EUPL-1.2
/**
 * Demo: who may call the online service's API, how often, and how many may wait. There are no cookies and no accounts; a call of another
 * site could still spend our name at the core, so it is refused. Client addresses are counted in memory and go nowhere.
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { HttpError } from '../../src/errors.js'

/**
 * Browsers say themselves where a call comes from; one that does not must name our origin.
 * @throws {HttpError} 403
 */
export function assertSameOrigin(headers: IncomingHttpHeaders, origin: string): void {
  const site = headers['sec-fetch-site']
  const own = site === undefined ? headers.origin === origin : site === 'same-origin'
  if (!own) throw new HttpError(403, 'online.foreign-origin', 'This may only be called by our own page.')
}

/** @returns counts one call of `address`; throws {HttpError} 429 */
export function rateLimit(perMinute: number): (address: string) => Promise<void> {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 })
  return async (address) => {
    await limiter.consume(address).catch(() => {
      throw new HttpError(429, 'online.too-often', 'Too many requests. Please wait a minute.', { retryAfterSeconds: 60 })
    })
  }
}

/** Long polls, all together. @returns counts one until it is over; throws {HttpError} 503 */
export function waitLimit(max: number): <T>(wait: () => Promise<T>) => Promise<T> {
  let waiting = 0
  return async (wait) => {
    if (waiting >= max) throw new HttpError(503, 'online.busy', 'Too many are waiting at the moment.', { retryAfterSeconds: 1 })
    waiting += 1
    try {
      return await wait()
    } finally {
      waiting -= 1
    }
  }
}
