// SPDX-License-Identifier: EUPL-1.2
/**
 * XÖV layers: a document on its own, or the content of a delivery. What XÖV says is entered with the content it was said of.
 * @module
 */
import { CHECK_LIMITS } from '../env.js'
import type { ContentItem } from '../osci/content-types.js'
import { parseXml } from '../xml/gate.js'
import { looksLikeXml } from '../xoev/beginning.js'
import { checkContent } from '../xoev/check.js'
import { checkDocumentSignature } from './document-signature.js'
import type { Journal } from './journal.js'
import type { CheckContext, XoevResult } from './types.js'

const HEAD_BYTES = 256
const XOEV_LAYERS = ['xoev-schema', 'xoev-head', 'code-lists', 'rules'] as const

const isXmlType = (contentType = ''): boolean => /[/+]xml\s*(?:;|$)/i.test(contentType)

/**
 * Content travels without a type: what begins like XML is meant as such; web pages, and attachments of another type, are not. Where
 * content has a type, that counts as well.
 */
export function meantAsXml({ kind, bytes, contentType }: Pick<ContentItem, 'kind' | 'bytes' | 'contentType'>): boolean {
  if (kind === 'content' && isXmlType(contentType)) return true
  if (!looksLikeXml(bytes)) return false
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString('latin1')
  // as if it were no UTF-16
  const head = start.replaceAll('\0', '')
  if (/<(?:!doctype\s+)?html[\s>]/i.test(head)) return false
  return kind === 'content' || head.includes('<?xml') || isXmlType(contentType)
}

/** Whether the gate lets a document pass; without schema sets that is all, and it is not enough to be valid. @returns the root's local name, or null. */
export async function checkWellFormed(
  bytes: Uint8Array,
  context: CheckContext,
  journal: Journal,
  content?: string,
): Promise<string | null> {
  try {
    const document = parseXml(bytes, { limits: context.limits ?? CHECK_LIMITS, frame: 'content', stage: 'xoev' })
    context.seen?.('document', { content: content ?? null, bytes, document })
    journal.note('xml')
    if (!context.xoev) journal.note('xoev-schema', 'unchecked')
    await checkDocumentSignature(document, bytes, context, journal, content)
    return document.root.local
  } catch (cause) {
    journal.caught('xml', cause, content)
    return null
  }
}

/**
 * Checks one XML document.
 * @param content id of the content item, when the document came in a message.
 * @returns null when there are no schema sets to judge with, or no layer of XÖV is asked for.
 */
export async function checkXoev(bytes: Uint8Array, context: CheckContext, journal: Journal, content?: string): Promise<XoevResult | null> {
  if (!context.xoev || !journal.asks(...XOEV_LAYERS)) {
    if (content !== undefined) await checkWellFormed(bytes, context, journal, content)
    return null
  }
  const of = content === undefined ? {} : { content }
  try {
    const report = await checkContent(bytes, {
      ...context.xoev,
      limits: context.limits ?? CHECK_LIMITS,
      at: context.at ?? context.now(),
      now: () => context.now(),
      ...(context.at ? { setsAt: context.at } : {}),
      ...(context.layers ? { asked: context.layers } : {}),
    })
    const { document, head } = report
    if (document) context.seen?.('document', { content: content ?? null, bytes, document, ...(head ? { head } : {}) })
    for (const { id, xpath, line, column, detail } of report.findings)
      journal.raise(id, {
        ...of,
        ...(xpath === undefined ? {} : { xpath }),
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
        ...(detail === undefined ? {} : { detail }),
      })
    for (const layer of XOEV_LAYERS) {
      const verdict = report.layers[layer]
      if (verdict) journal.note(layer, verdict)
    }
    const { standard = null, version = null, messageType = null, verdict } = report
    const signature = document ? await checkDocumentSignature(document, bytes, context, journal, content) : null
    return { standard, version, messageType, verdict, signature }
  } catch (cause) {
    journal.caught('xoev-schema', cause, content)
    return { standard: null, version: null, messageType: null, verdict: 'error', signature: null }
  }
}
