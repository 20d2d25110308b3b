// SPDX-License-Identifier: EUPL-1.2
/**
 * The findings table: every id that any room can raise, with severity, reference, feedback code and texts. Reports, docs and the gateway's
 * answers read it; a test holds it against the sources.
 * @module
 */
import { FINDINGS_MIME } from '../mime/findings.js'
import { FINDINGS_PKI } from '../pki/findings.js'
import { FINDINGS_XML } from '../xml/findings.js'
import { FINDINGS_XOEV } from '../xoev/findings.js'
import { FINDINGS_OSCI } from './findings-osci.js'
import { FINDINGS_OWN } from './findings-own.js'
import { FINDINGS_RULES } from './rules/tables.js'
import type { FindingRow } from './types.js'

/** Rows of all rooms, each id once (a test sees to it). */
export const ALL_FINDINGS: readonly FindingRow[] = [
  ...FINDINGS_MIME,
  ...FINDINGS_XML,
  ...FINDINGS_PKI.filter((row) => row.id.startsWith('certificates.')),
  ...FINDINGS_OSCI,
  ...FINDINGS_XOEV,
  ...FINDINGS_OWN,
  ...FINDINGS_RULES,
]

/** Of what a call brings along besides the files: no report has them, who called is told. */
export const FINDINGS_KEYSTORE: readonly FindingRow[] = FINDINGS_PKI.filter((row) => row.id.startsWith('keystore.'))

const BY_ID: ReadonlyMap<string, FindingRow> = new Map(ALL_FINDINGS.map((row) => [row.id, row]))

/** The row of a finding id. */
export const findingRow = (id: string): FindingRow | undefined => BY_ID.get(id)
