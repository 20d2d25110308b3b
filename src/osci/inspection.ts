// SPDX-License-Identifier: EUPL-1.2
/**
 * From a trust store's verdict to the three results of an inspection, and to the Inspection itself.
 *
 *   MathResult      issuer signatures up to a configured root     ok · corrupted · indeterminate
 *   OfflineResult   validity period and usage                     valid · invalid · indeterminate
 *   OnlineResult    what a revocation list or answer said         ok · revoked · (absent: none was consulted)
 *
 * Out of its period is out of its period whether or not the issuer is known; in its period is *valid* only under a root of ours.
 * Specs: osci-1.2 §6.6, §9.3; [OSCI12 order.xsd Inspection].
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { TrustDetails, TrustVerdict } from '../env.js'
import { issuerRfc2253, readCertificate, serialDecimal, subjectRfc2253 } from '../pki/certificate.js'
import { claimsQualified } from '../pki/extensions.js'
import { timeVerdict } from '../pki/pinned.js'
import type { Inspection } from './parts.js'

/** What a peer can read again (`parts.ts`); RFC 5280 allows 49 digits. */
const MAX_SERIAL_DIGITS = 60

/** One check of one certificate for one use, as facts. */
export interface Examination {
  readonly math: Inspection['mathResult']['result']
  readonly offline: Inspection['offlineResult']['result']
  readonly online?: NonNullable<Inspection['onlineResult']>
  readonly certType: Inspection['certType']['type']
  readonly inTime: boolean
  /** Nothing was left open: issuer known, use allowed, revocation data fresh where they were asked for. */
  readonly isComplete: boolean
}

/** A certificate that an Inspection can name. undefined: unreadable, too large, or of a serial number that no peer could read. */
export function inspectable(der: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = readCertificate(der)
    return canBeNamed(certificate) ? certificate : undefined
  } catch {
    return undefined
  }
}

/** Whether subject, issuer and serial number can be told. */
export function canBeNamed(certificate: X509Certificate): boolean {
  try {
    void subjectRfc2253(certificate)
    return serialDecimal(certificate).replace('-', '').length <= MAX_SERIAL_DIGITS
  } catch {
    return false
  }
}

/** Reads a verdict. @param at the moment that the verdict is about. */
export function examine(certificate: X509Certificate, verdict: TrustVerdict, at: Date): Examination {
  const details = verdict.details ?? detailsOf(verdict.verdict, timeVerdict([certificate], at) === undefined)
  const { issuerSignature: math, inTime, fitsUse } = details
  const isKnown = math === 'ok' && verdict.verdict !== 'unknown'
  const online = onlineResult(verdict)
  return {
    math,
    offline: !inTime || !fitsUse ? 'invalid' : isKnown ? 'valid' : 'indeterminate',
    ...(online === undefined ? {} : { online }),
    certType: !isKnown ? 'unknown' : isQualified(certificate) ? 'qualified' : 'advanced',
    inTime,
    // A forged signature is an end, if a bad one.
    isComplete: math === 'corrupted' || (details.isComplete && isKnown && fitsUse),
  }
}

/**
 * Writes the Inspection of one certificate. It may have been checked for several uses: the worst result stands.
 * @param examinations at least one.
 */
export function writeInspection(certificate: X509Certificate, examinations: readonly Examination[], at: Date): Inspection {
  const { certType = 'unknown', math = 'indeterminate' } = examinations[0] ?? {}
  const offline = (['invalid', 'indeterminate'] as const).find((word) => examinations.some((one) => one.offline === word)) ?? 'valid'
  const online = examinations.find((one) => one.online !== undefined)?.online
  return {
    timestamp: { plain: at.toISOString() },
    subjectName: subjectRfc2253(certificate),
    issuerName: issuerRfc2253(certificate),
    serialNumber: serialDecimal(certificate),
    certType: { type: certType },
    mathResult: { result: math },
    offlineResult: { result: offline },
    ...(online === undefined ? {} : { onlineResult: online }),
  }
}

function onlineResult({ verdict, details }: TrustVerdict): Examination['online'] {
  const fact = details?.revocation
  if (fact === undefined) return verdict === 'revoked' ? { result: 'revoked' } : undefined
  const { status, source, at, response } = fact
  return {
    result: status === 'revoked' ? 'revoked' : 'ok',
    ...(source === 'crl' ? { crl: at.toISOString() } : response === undefined ? {} : { ocsp: response }),
  }
}

/** The claim of a certificate that nobody known has signed is not passed on. @see examine */
function isQualified(certificate: X509Certificate): boolean {
  try {
    return claimsQualified(certificate)
  } catch {
    return false
  }
}

/** For stores that give the bare word. */
function detailsOf(verdict: TrustVerdict['verdict'], inTime: boolean): TrustDetails {
  const isOpen = verdict === 'unknown' || verdict === 'unchecked' || verdict === 'bad-signature'
  return {
    issuerSignature: verdict === 'unknown' ? 'indeterminate' : verdict === 'bad-signature' ? 'corrupted' : 'ok',
    inTime: inTime && verdict !== 'expired' && verdict !== 'not-yet-valid',
    fitsUse: verdict !== 'wrong-usage',
    isComplete: !isOpen,
  }
}
