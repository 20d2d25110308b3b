// SPDX-License-Identifier: EUPL-1.2
/**
 * SHA-256 as the gateway writes it: lower-case hex.
 * @module
 */
import { createHash } from 'node:crypto'

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
