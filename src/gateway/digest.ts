// SPDX-License-Identifier: EUPL-1.2
/**
 * SHA-256 as the gateway writes it: lower-case hex; octets where a time stamp is made over them.
 * @module
 */
import { createHash } from 'node:crypto'

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const digestOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())
