// SPDX-License-Identifier: EUPL-1.2
/**
 * The wider set for offline inspection of a user's own files: also AES-CBC, Triple DES, RSA 1.5, SHA-1, RIPEMD-160 and small
 * keys are *executed*, so that the verdict of a signature stays what mathematics says; the `policy` layer reports them.
 *
 * Only `check/` may import this (architecture test): nobody waits for an answer there, so there is no oracle.
 * Still not: HMAC, XSLT, other canonical forms, OAEP over SHA-1. Specs: threat model §7, "Offline inspection".
 * @module
 */
import { getHashes } from 'node:crypto'
import { algorithmsFrom, type Algorithms } from './algorithms.js'

/** @returns rows allowed anywhere plus those marked for inspection; RIPEMD-160 only where OpenSSL has it. */
export function inspectionAlgorithms(): Algorithms {
  const hashes = new Set(getHashes())
  return algorithmsFrom(
    (row) => {
      const executable = row.inspect === true || row.transport === 'allowed' || row.content === 'allowed' || row.signature === 'allowed'
      if (!executable) return undefined
      return (row.kind === 'digest' || row.kind === 'signature') && row.hash === 'ripemd160' && !hashes.has('ripemd160') ? undefined : row
    },
    { minimumRsaBits: 0, curves: undefined },
  )
}
