// SPDX-License-Identifier: EUPL-1.2
/**
 * What speaks against the certificate of who signs a report: that which it says of itself, and that which the trust anchors say.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { findingRow } from '../../check/findings.js'
import { trustFinding } from '../../check/trust.js'
import type { TrustDetails, TrustStore } from '../../env.js'
import { allowsUse, timeVerdict } from '../../pki/pinned.js'
import type { Text } from '../io.js'

type Fault = Parameters<typeof trustFinding>[0]

/** The findings table has the words. */
const textOf = (faults: readonly Fault[], details?: TrustDetails): Text => {
  const rows = [...new Set(faults)].map((fault) => findingRow(trustFinding(fault, details)))
  const said = (lang: 'de' | 'en'): string => rows.map((row) => row?.[lang] ?? '').join(' ')
  return { de: said('de'), en: said('en') }
}

function ownFaults(certificate: X509Certificate, at: Date): Fault[] {
  const time = timeVerdict([certificate], at)
  return [...(time === undefined ? [] : [time]), ...(allowsUse(certificate, 'signature') ? [] : (['wrong-usage'] as const))]
}

/** Needs no trust anchor. @returns undefined: nothing speaks against it. */
export function ownFaultsText(certificate: X509Certificate, at: Date): Text | undefined {
  const faults = ownFaults(certificate, at)
  return faults.length === 0 ? undefined : textOf(faults)
}

/** @returns undefined: the anchors vouch for it. Else all that speaks against it: a path that is missing hides no expired certificate. */
export async function distrustText(certificate: X509Certificate, trust: TrustStore, at: Date): Promise<Text | undefined> {
  const { verdict, details } = await trust.check(certificate, 'signature', at)
  return verdict === 'valid' ? undefined : textOf([verdict, ...ownFaults(certificate, at)], details)
}
