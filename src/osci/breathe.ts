// SPDX-License-Identifier: EUPL-1.2
/**
 * Breathing: parsing, canonical form and digests of a large message stay on the event loop; between two such steps other requests get
 * their turn, so that no one message holds the loop for long (threat model H6).
 * @module
 */
import type { OsciEnv } from './types.js'

const LARGE_BYTES = 64 * 1024

export async function breatheIfLarge(env: Pick<OsciEnv, 'breathe'>, bytes: number): Promise<void> {
  if (bytes > LARGE_BYTES) await env.breathe?.()
}
