// SPDX-License-Identifier: EUPL-1.2
/**
 * OSCI envelopes against our schema set, and the forms of the wire that state 10 does not know but everybody reads (wire facts §15).
 * @module
 */
import { PREFIX } from '../osci/names.js'
import { containerEdits, envelopeName, schemaInput } from '../osci/schema-input.js'
import { twiceSpelledTimeouts, wireForms } from '../osci/wire-forms.js'
import type { SoapEnvelope } from '../osci/types.js'
import { validateWithPlaces, type TextEdit } from '../xml/schema-places.js'
import type { XmlDocument } from '../xml/tree.js'
import { masked } from '../xoev/checking.js'
import type { Journal } from './journal.js'
import type { CheckContext } from './types.js'

/** Hard limit for one document. */
const TIMEOUT_MS = 30_000

/** Judges an envelope, as it came or decrypted. */
export async function checkOsciSchema(envelope: SoapEnvelope, context: CheckContext, journal: Journal): Promise<void> {
  const { document } = envelope
  for (const { id, element } of wireForms(document)) journal.raise(id, { element })
  for (const element of twiceSpelledTimeouts(document)) {
    const detail = `${element.local} has ChunkMessageTimeout in two spellings`
    journal.raise('osci-structure.two-spellings', { element, detail })
  }
  await judge(document, () => schemaInput(document, envelopeName(envelope)).edits, context, journal)
}

/** Judges a container that was decrypted: what is sealed must be built no less well than what stands in clear. */
export const checkContainerSchema = (document: XmlDocument, context: CheckContext, journal: Journal): Promise<void> =>
  judge(document, () => containerEdits(document), context, journal)

/** Without a validator the layer is `unchecked`. */
async function judge(document: XmlDocument, editsOf: () => readonly TextEdit[], context: CheckContext, journal: Journal): Promise<void> {
  if (!journal.asks('osci-structure')) return
  if (!context.osciSchema) {
    journal.note('osci-structure', 'unchecked')
    return
  }
  const { verdict, problems } = await validateWithPlaces(context.osciSchema, document, editsOf(), TIMEOUT_MS)
  if (verdict === 'error') {
    journal.broke('osci-structure', problems[0]?.message ?? 'the schema engine gave no verdict')
    return
  }
  for (const { message, line, column, xpath } of problems)
    journal.raise('osci-structure.schema', {
      ...(line > 0 ? { line, column } : {}),
      ...(xpath === undefined ? {} : { xpath }),
      detail: readable(message),
    })
  journal.note('osci-structure', verdict)
}

/** Prefixes instead of namespaces, no values. */
const readable = (message: string): string =>
  masked(message).replace(/\{([^}]*)\}/g, (all, uri: string) => (PREFIX[uri] === undefined ? all : `${PREFIX[uri]}:`))
