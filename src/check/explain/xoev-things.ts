// SPDX-License-Identifier: EUPL-1.2
/**
 * XÖV documents in words: which standard, which message, from whom to whom, and the names of all elements.
 * @module
 */
import type { XoevHead, XoevParty } from '../../xoev/header.js'
import type { SeenDocument } from '../seen.js'
import type { Discretion } from './discretion.js'
import type { DocumentBytes } from './documents.js'
import { elementThings, revealsFor } from './element-things.js'
import type { Telling } from './telling.js'
import { fact, thing, words, type Fact, type Thing, type Words } from './types.js'

const party = (label: Words, of: XoevParty | undefined, discretion: Discretion): Fact[] => {
  const parts = [
    ...(of?.kennung === undefined ? [] : [discretion.key(of.kennung)]),
    ...(of?.name === undefined ? [] : [discretion.value(of.name)]),
  ]
  return parts.length === 0 ? [] : [{ label, value: parts.join(' · ') }]
}

/** Fields of the head, in the order in which people ask for them. */
function headFacts(head: XoevHead, discretion: Discretion): Fact[] {
  const said = (de: string, en: string, value: string | undefined): Fact[] => (value === undefined ? [] : [fact(de, en, value)])
  const { ursprungsnachricht: answered } = head
  return [
    ...said('Standard', 'standard', head.standard),
    ...said('Version', 'version', head.version),
    ...said('Nachrichtentyp', 'type of message', head.nachrichtentyp),
    ...said('nachrichtenUUID', 'nachrichtenUUID', head.nachrichtenUUID),
    ...said('erstellt', 'created', head.erstellungszeitpunkt),
    ...party(words('Autor', 'author'), head.autor, discretion),
    ...party(words('Leser', 'reader'), head.leser, discretion),
    ...said('Antwort auf', 'answers', answered?.nachrichtenUUID),
    ...said('Testnachricht', 'test message', head.test === undefined ? undefined : discretion.value(head.test) || '–'),
    ...said(
      'Produkt',
      'product',
      [head.produkt, head.produktversion, head.produkthersteller].filter((one) => one !== undefined).join(' · ') || undefined,
    ),
  ]
}

/**
 * @param home where its bytes stand, from `at` on.
 * @param title how the document is called here.
 */
export function documentThing(
  { bytes, document, head }: SeenDocument,
  home: DocumentBytes,
  at: number,
  title: Words,
  telling: Telling,
): Thing {
  const { root } = document
  telling.xml(home, document, at).reveal(revealsFor(telling))
  const what = head
    ? words(
        'XÖV-Dokument: der Kopf nennt Standard, Autor, Leser und Nachrichtentyp.',
        'XÖV document: its head names standard, author, reader and type of message.',
      )
    : words('XML-Dokument ohne bekannten XÖV-Nachrichtenkopf.', 'XML document without an XÖV head that is known here.')
  return thing(title, {
    name: root.local,
    meaning: what,
    reference: 'XOEV',
    layers: ['xml', 'xoev-schema', 'xoev-head', 'code-lists', 'rules'],
    facts: [
      fact('Wurzelelement', 'root element', root.local),
      fact('Namensraum', 'namespace', root.uri === '' ? words('keiner', 'none') : root.uri),
      ...(head ? headFacts(head, telling.discretion) : []),
    ],
    place: { document: home.id, from: at, to: at + bytes.byteLength },
    parts: elementThings([root], telling),
  })
}
