// SPDX-License-Identifier: EUPL-1.2
/**
 * Certificate inspection of the intermediary: which code each certificate earns in the role it came in.
 *
 *   entry ── role ──► row of §9.3 ──► warnings, at most one refusal
 *     └─ same DER in several roles: one Inspection, the codes of every role
 *
 * Decisions where osci-1.2 leaves room:
 *   - In a delivery the originator's certificates count as an author's (3704, 3701 …); that it signed the message, or that the answer is
 *     encrypted for it, is asked apart with `single`, under the stricter rows.
 *   - A certificate that cannot be read has no valid issuer signature, so it gets the code for a wrong one; without names and serial
 *     number there is no Inspection of it.
 *   - Wrong usage has no column: the result is `invalid`, the code is the one for an open check.
 * Specs: osci-1.2 §6.6, §8.3–8.5, §9.3; threat model G10, H6.
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto'
import type { TrustStore } from '../../env.js'
import type { FeedbackCode } from '../../errors.js'
import { canBeNamed, examine, inspectable, writeInspection, type Examination } from '../../osci/inspection.js'
import type { CertificateRole } from '../../osci/messages.js'
import type { Inspection } from '../../osci/parts.js'
import type { CertificateEntry } from '../../osci/types.js'
import type { InspectionResult, Inspector } from './ports.js'

/** One row of osci-1.2 §9.3. Codes of class 3 warn, codes of class 9 end the request. */
interface Row {
  readonly usage: 'signature' | 'cipher'
  readonly outOfPeriod: FeedbackCode
  readonly mathWrong: FeedbackCode
  readonly revoked: FeedbackCode
  readonly notComplete: FeedbackCode
  /** Our own failure (§8.4, §8.5). */
  readonly failed: FeedbackCode
}

const row = (usage: Row['usage'], outOfPeriod: string, mathWrong: string, revoked: string, notComplete: string, failed: string): Row => ({
  usage,
  outOfPeriod,
  mathWrong,
  revoked,
  notComplete,
  failed,
})

export const INSPECTION_ROWS = {
  clientCipher: row('cipher', '3500', '9501', '9502', '3501', '9503'),
  clientSignature: row('signature', '3700', '9700', '9701', '3707', '9710'),
  authorSignature: row('signature', '3701', '3702', '3703', '3707', '9710'),
  authorCipher: row('cipher', '3704', '9704', '9705', '3707', '9710'),
  addresseeCipher: row('cipher', '3705', '9706', '9707', '3707', '9710'),
  readerCipher: row('cipher', '3706', '9708', '9709', '3707', '9710'),
  recipientSignature: row('signature', '3708', '9711', '9712', '3707', '9710'),
} as const satisfies Readonly<Record<string, Row>>

/** Which row a certificate of a delivery falls under; certificates of intermediaries are not inspected. */
const ROW_OF_ROLE: Readonly<Record<CertificateRole, keyof typeof INSPECTION_ROWS | undefined>> = {
  CipherCertificateIntermediary: undefined,
  SignatureCertificateIntermediary: undefined,
  CipherCertificateOriginator: 'authorCipher',
  CipherCertificateOtherAuthor: 'authorCipher',
  CipherCertificateAddressee: 'addresseeCipher',
  CipherCertificateOtherReader: 'readerCipher',
  SignatureCertificateOriginator: 'authorSignature',
  SignatureCertificateOtherAuthor: 'authorSignature',
  SignatureCertificateAddressee: 'recipientSignature',
}

/** So many certificates are checked before others get their turn. */
const AT_ONCE = 16

export interface InspectorPorts {
  /** Keeps its verdicts (per minute), so nothing is kept here. Under no roots everything is open: indeterminate, 3707. */
  readonly trust: TrustStore
  /** Gives other requests their turn; absent: never. */
  readonly breathe?: () => Promise<void>
}

/** @returns an inspector that never rejects: what a peer sends ends in codes, what fails here in 9710 (9503). */
export function makeInspector({ trust, breathe }: InspectorPorts): Inspector {
  return {
    async delivery(entries, at) {
      const subjects = subjectsOf(entries)
      const parts: InspectionResult[] = []
      for (const [i, { der, rows }] of subjects.entries()) {
        if (i % AT_ONCE === AT_ONCE - 1) await breathe?.()
        parts.push(await inspect(inspectable(der), rows, trust, at))
      }
      return joined(parts)
    },
    async single(certificate, as, at) {
      return joined([await inspect(canBeNamed(certificate) ? certificate : undefined, [INSPECTION_ROWS[as]], trust, at)])
    },
  }
}

interface Subject {
  readonly der: Uint8Array
  readonly rows: Row[]
}

/** Each certificate once, with the rows of all its roles, in the order of the message. */
function subjectsOf(entries: readonly CertificateEntry[]): readonly Subject[] {
  const found = new Map<string, Subject>()
  for (const { role, der } of entries) {
    const name = ROW_OF_ROLE[role]
    if (name === undefined) continue
    const key = createHash('sha256').update(der).digest('base64')
    const subject = found.get(key) ?? { der, rows: [] }
    if (!subject.rows.includes(INSPECTION_ROWS[name])) subject.rows.push(INSPECTION_ROWS[name])
    found.set(key, subject)
  }
  return [...found.values()]
}

async function inspect(
  certificate: X509Certificate | undefined,
  rows: readonly Row[],
  trust: TrustStore,
  at: Date,
): Promise<InspectionResult> {
  if (certificate === undefined)
    return sorted(
      [],
      rows.map((one) => one.mathWrong),
    )
  try {
    const examinations: Examination[] = []
    const codes: FeedbackCode[] = []
    for (const one of rows) {
      const examination = examine(certificate, await trust.check(certificate, one.usage, at), at)
      examinations.push(examination)
      codes.push(...codesOf(examination, one))
    }
    return sorted([writeInspection(certificate, examinations, at)], codes)
  } catch {
    return sorted(
      [],
      rows.map((one) => one.failed),
    )
  }
}

function codesOf({ inTime, math, online, isComplete }: Examination, one: Row): readonly FeedbackCode[] {
  return [
    ...(inTime ? [] : [one.outOfPeriod]),
    ...(math === 'corrupted' ? [one.mathWrong] : []),
    ...(online?.result === 'revoked' ? [one.revoked] : []),
    ...(isComplete ? [] : [one.notComplete]),
  ]
}

function sorted(inspections: readonly Inspection[], codes: readonly FeedbackCode[]): InspectionResult {
  const refusal = codes.find((code) => code.startsWith('9'))
  return {
    inspections,
    warnings: [...new Set(codes.filter((code) => code.startsWith('3')))],
    ...(refusal === undefined ? {} : { refusal }),
  }
}

function joined(parts: readonly InspectionResult[]): InspectionResult {
  return sorted(
    parts.flatMap((part) => part.inspections),
    parts.flatMap((part) => [...part.warnings, ...(part.refusal === undefined ? [] : [part.refusal])]),
  )
}
