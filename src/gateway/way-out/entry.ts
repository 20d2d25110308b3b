// SPDX-License-Identifier: EUPL-1.2
/**
 * The service that a way out leads to, asked anew for every envelope: what the directory said yesterday may be wrong today.
 *
 *   findService ─► allowedUserCategories? ─► verifyCategory(our author certificate) ─► entry
 *
 * Specs: spec/xoev.md §10.1 (sender's and receiver's algorithm).
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { DirectoryError, type DirectoryErrorKind } from '../../directory/errors.js'
import type { ServiceDirectory, ServiceEntry } from '../../directory/ports.js'
import { DeliveryRefused, NOT_TAKEN, REFUSED, type Reason } from '../recipient/verdict.js'
import type { WayOut } from './ports.js'

interface Answer {
  readonly codes: readonly string[]
  readonly reason: Reason
}

const unusable = (text: string): Answer => ({ codes: NOT_TAKEN, reason: { code: '9809', text } })

/** What the sender of the envelope is told; our words only. */
const ANSWERS: Readonly<Record<DirectoryErrorKind, Answer>> = {
  'unknown-organization': { codes: REFUSED, reason: { code: 'T080', text: 'the directory does not know this organisation' } },
  'unknown-service': { codes: REFUSED, reason: { code: 'T080', text: 'the organisation does not have this service' } },
  'element-missing': unusable('the directory does not say how the service is reached'),
  'certificate-missing': unusable('the directory has no cipher certificate for the service'),
  'certificate-expired': unusable('the cipher certificate of the service is not valid now'),
  'certificate-revoked': unusable('the cipher certificate of the service is revoked'),
  away: unusable('the directory cannot be asked at the moment'),
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof DirectoryError)) return error
  const { codes, reason } = ANSWERS[error.kind]
  return new DeliveryRefused(error.finding, reason.text, { codes, reasons: [reason], cause: error })
}

/** DVDV names certificates by their SHA-1; nothing is trusted because of it. */
const fingerprintOf = (certificate: X509Certificate): string => createHash('sha1').update(certificate.raw).digest('hex')

async function mayCall(entry: ServiceEntry, certificate: X509Certificate, services: ServiceDirectory): Promise<boolean> {
  const { allowedUserCategories } = entry
  if (allowedUserCategories.length === 0) return true
  const fingerprint = fingerprintOf(certificate)
  for (const category of allowedUserCategories) if (await services.verifyCategory(fingerprint, category)) return true
  return false
}

/** @throws {DeliveryRefused} T080 unknown; T070 not entitled; 9809 cannot be reached, or the directory cannot be asked. */
export async function serviceOf({ organization, service, keys }: WayOut, services: ServiceDirectory): Promise<ServiceEntry> {
  let entry: ServiceEntry
  let allowed: boolean
  try {
    entry = await services.findService(organization, service)
    allowed = await mayCall(entry, (keys.author ?? keys.signature).certificate, services)
  } catch (error) {
    throw asRefusal(error)
  }
  if (allowed) return entry
  const text = 'our certificate is in none of the categories that may call the service'
  throw new DeliveryRefused('policy.not-entitled', text, { reasons: [{ code: 'T070', text }] })
}
