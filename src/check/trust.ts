// SPDX-License-Identifier: EUPL-1.2
/**
 * Certificates layer: whose signatures they are, and whether anybody vouches for them (product.md, "signature verdict in `check`").
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { TrustDetails, TrustVerdict } from '../env.js'
import { readableCertificates } from '../osci/certificates.js'
import type { SoapEnvelope } from '../osci/types.js'
import { sha256Hex, subjectRfc2253 } from '../pki/certificate.js'
import type { Journal } from './journal.js'
import type { CheckContext, Raised } from './types.js'

/** Why nobody vouches, as rows of the findings table. */
const TRUST_FINDINGS: Readonly<Record<Exclude<TrustVerdict['verdict'], 'valid'>, string>> = {
  expired: 'certificates.expired',
  'not-yet-valid': 'certificates.not-yet-valid',
  revoked: 'certificates.revoked',
  unknown: 'certificates.unknown-issuer',
  'wrong-usage': 'certificates.wrong-usage',
  'bad-signature': 'certificates.bad-signature',
  unchecked: 'certificates.unchecked',
}

/** A signature that is right by its numbers must not be called wrong, though nobody believes it. */
export const trustFinding = (fault: keyof typeof TRUST_FINDINGS, details: TrustDetails | undefined): string =>
  fault === 'bad-signature' && details?.issuerSignature === 'indeterminate' ? 'certificates.weak-signature' : TRUST_FINDINGS[fault]

/** Where the message lists a signer. */
export const listedIn =
  ({ header }: SoapEnvelope) =>
  ({ raw }: X509Certificate): Raised => {
    const [, element] = readableCertificates(header).find(([{ role, der }]) => role.startsWith('Signature') && raw.equals(der)) ?? []
    return element ? { element } : {}
  }

/**
 * Judges every signer once. Without a trust store nothing is claimed: the layer is `unchecked`.
 * @param placeOf where a certificate stands
 */
export async function checkSigners(
  signers: readonly X509Certificate[],
  placeOf: (certificate: X509Certificate) => Raised,
  context: CheckContext,
  journal: Journal,
): Promise<void> {
  const once = new Map(signers.map((certificate) => [sha256Hex(certificate), certificate]))
  for (const certificate of once.values()) {
    if (!context.trust) {
      journal.raise('certificates.no-trust')
      return
    }
    journal.note('certificates')
    try {
      const { verdict, details } = await context.trust.check(certificate, 'signature', context.at ?? context.now())
      if (verdict !== 'valid')
        journal.raise(trustFinding(verdict, details), { detail: subjectRfc2253(certificate), ...placeOf(certificate) })
    } catch (cause) {
      journal.caught('certificates', cause)
    }
  }
}
