// SPDX-License-Identifier: EUPL-1.2
/**
 * What the desk writes: the JSON reading of a document, and a rejection in the standard of a request.
 * @module
 */
import type { XoevReport } from '../../xoev/check.js'
import { readingOf } from '../../xoev/reading.js'
import { PROFILES } from '../../xoev/standards.js'
import { rejectionOf, writeXprotektor } from '../../xoev/xprotektor.js'

export interface Reason {
  readonly code: string
  readonly text: string
}

/** Clock and chance of written documents. */
export interface WriterSources {
  readonly now: () => Date
  readonly uuid: () => string
  readonly version: string
}

/** JSON for convenience; only of documents that are valid, or unknown to every schema. */
export function readingBytes(report: XoevReport): Uint8Array | undefined {
  if (!report.document || report.verdict === 'invalid' || report.verdict === 'error') return undefined
  return new TextEncoder().encode(JSON.stringify(readingOf(report.document)))
}

/** Written in the name of the body that was asked; undefined for standards whose rejection we cannot write. */
export function rejectionBytes(report: XoevReport, reasons: readonly Reason[], sources: WriterSources): Uint8Array | undefined {
  const { head } = report
  const profile = PROFILES.find((p) => p.name === head?.profile)
  const author = head?.leser
  if (!head || profile?.rejection === undefined || author?.kennung === undefined) return undefined
  const rejection = rejectionOf({
    reasons: reasons.map(({ code }) => ({ code })),
    request: head,
    author: { kennung: author.kennung, name: author.name ?? '' },
    nachrichtenUUID: sources.uuid(),
    erstellungszeitpunkt: sources.now().toISOString(),
    product: { produkt: 'Protektor', produkthersteller: 'Protektor', produktversion: sources.version },
    ...(head.test === undefined ? {} : { test: head.test }),
  })
  return rejection && writeXprotektor(rejection)
}
