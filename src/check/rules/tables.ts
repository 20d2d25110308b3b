// SPDX-License-Identifier: EUPL-1.2
/**
 * The tables of our own rules of the OSCI layers, in the order of the layers. A new rule is one more row in one of them; findings, texts,
 * documents and fixtures follow.
 * @module
 */
import type { FindingRow } from '../types.js'
import { CERTIFICATE_RULES } from './certificates/listed.js'
import { CONTROL_BLOCK_RULES } from './control-block/dialog.js'
import { MIME_RULES } from './mime/dialect.js'
import { CHUNK_RULES } from './osci-structure/chunks.js'
import { FAULT_RULES } from './osci-structure/fault.js'
import { FEATURE_RULES } from './osci-structure/features.js'
import { FEEDBACK_RULES } from './osci-structure/feedback.js'
import { HEADER_RULES } from './osci-structure/header.js'
import { ORDER_RULES } from './osci-structure/order.js'
import { PROCESS_CARD_RULES } from './osci-structure/process-cards.js'
import type { OsciView, Rule } from './rule.js'

export { FAULT_RULES, MIME_RULES }

/** Rules that read an opened message. */
export const MESSAGE_RULES: readonly Rule<OsciView>[] = [
  ...HEADER_RULES,
  ...ORDER_RULES,
  ...FEEDBACK_RULES,
  ...PROCESS_CARD_RULES,
  ...CHUNK_RULES,
  ...FEATURE_RULES,
  ...CONTROL_BLOCK_RULES,
  ...CERTIFICATE_RULES,
]

const rowOf = ({ id, severity, reference, feedback, de, en }: FindingRow): FindingRow => ({
  id,
  severity,
  reference,
  ...(feedback === undefined ? {} : { feedback }),
  de,
  en,
})

/** What the rules can find. */
export const FINDINGS_RULES: readonly FindingRow[] = [...MIME_RULES, ...FAULT_RULES, ...MESSAGE_RULES].map(rowOf)
