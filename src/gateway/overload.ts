// SPDX-License-Identifier: EUPL-1.2
/**
 * Overload guard: so many requests and bytes at a time, and no more. Whoever is refused here has not been processed (503).
 * @module
 */
import { HttpError } from '../errors.js'

export interface OverloadLimits {
  readonly maxRequests: number
  readonly maxBytes: number
}

/** Held before the first byte is there. What a stranger only announces must not keep room from others: the rest is held as it comes. */
export const FIRST_BYTES = 64 * 1024

export const OVERLOAD_LIMITS: OverloadLimits = { maxRequests: 512, maxBytes: 256 * 1024 * 1024 }

/** Room for one request; its bytes only grow. */
export interface Admission {
  grow(toBytes: number): void
  release(): void
}

export interface Overload {
  /** @param announced must fit as a whole, and is held up to {@link FIRST_BYTES}. @throws {HttpError} 503 with Retry-After */
  admit(announced: number): Admission
  readonly requests: number
}

export function overloadGuard(limits: OverloadLimits = OVERLOAD_LIMITS): Overload {
  let requests = 0
  let bytes = 0
  const refuse = (): never => {
    throw new HttpError(503, 'http.overload', 'Too much is under way at the moment.', { retryAfterSeconds: 1 })
  }
  return {
    get requests() {
      return requests
    },
    admit(announced) {
      if (requests >= limits.maxRequests || bytes + announced > limits.maxBytes) refuse()
      requests++
      let held = Math.min(announced, FIRST_BYTES)
      bytes += held
      let over = false
      return {
        grow(toBytes) {
          if (over || toBytes <= held) return
          if (bytes + toBytes - held > limits.maxBytes) refuse()
          bytes += toBytes - held
          held = toBytes
        },
        release() {
          if (over) return
          over = true
          requests--
          bytes -= held
        },
      }
    },
  }
}
