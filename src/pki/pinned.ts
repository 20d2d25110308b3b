// SPDX-License-Identifier: EUPL-1.2
/**
 * Trust in certificates as such, and the two judgements that need no path: validity in time and permitted use.
 *
 * Apart from path.ts, so that a gateway whose peers are pinned never loads the machinery of paths and revocation.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { TrustStore } from '../env.js'
import { keyUsage } from './certificate.js'

export type CertificateUsage = 'signature' | 'cipher'

/** Trust in exactly these certificates, whole and byte for byte; names and keys count for nothing. */
export function pinnedTrust(certificates: readonly X509Certificate[]): TrustStore {
  const pinned = new Set(certificates.map((certificate) => certificate.raw.toString('latin1')))
  return {
    check(certificate, usage, at) {
      const path = [certificate]
      const isPinned = pinned.has(certificate.raw.toString('latin1'))
      const time = timeVerdict(path, at)
      const fitsUse = allowsUse(certificate, usage)
      const facts = { inTime: time === undefined, fitsUse, isComplete: isPinned }
      return Promise.resolve(
        isPinned
          ? { verdict: time ?? (fitsUse ? 'valid' : 'wrong-usage'), path, details: { issuerSignature: 'ok', ...facts } }
          : { verdict: 'unknown', path, details: { issuerSignature: 'indeterminate', ...facts } },
      )
    },
  }
}

/** osci-1.2 §5.4: without the extension every use is allowed; one that cannot be read allows none. */
export function allowsUse(certificate: X509Certificate, usage: CertificateUsage): boolean {
  let allowed: ReturnType<typeof keyUsage>
  try {
    allowed = keyUsage(certificate)
  } catch {
    return false
  }
  if (allowed === undefined) return true
  return usage === 'signature'
    ? allowed.has('digitalSignature') || allowed.has('nonRepudiation')
    : allowed.has('keyEncipherment') || allowed.has('dataEncipherment')
}

export function timeVerdict(path: readonly X509Certificate[], at: Date): 'expired' | 'not-yet-valid' | undefined {
  if (path.some((one) => !(at.getTime() <= Date.parse(one.validTo)))) return 'expired'
  return path.some((one) => !(at.getTime() >= Date.parse(one.validFrom))) ? 'not-yet-valid' : undefined
}
