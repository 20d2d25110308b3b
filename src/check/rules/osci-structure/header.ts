// SPDX-License-Identifier: EUPL-1.2
/**
 * Header blocks as other implementations read them: what the schema lets pass and a peer may stumble over.
 * Specs: osci-1.2 §0, traps T38, T50; wire fact 26; [SOAP11 §4.2.3].
 * @module
 */
import { OSCI, OSCI2017, SOAP } from '../../../osci/names.js'
import { attributeOf, elementsOf, isElement } from '../../../xml/tree.js'
import type { OsciView, Rule } from '../rule.js'

export const HEADER_RULES: readonly Rule<OsciView>[] = [
  {
    id: 'osci-structure.must-understand-off',
    severity: 'warning',
    reference: 'osci-1.2 §0, T38; SOAP 1.1 §4.2.3',
    de: 'Ein OSCI-Kopfblock sagt, man müsse ihn nicht verstehen: mustUnderstand ist 0 statt 1.',
    en: 'An OSCI header block says that it need not be understood: mustUnderstand is 0 instead of 1.',
    *run({ envelope }) {
      for (const block of envelope.header) {
        if (block.uri !== OSCI && block.uri !== OSCI2017) continue
        // that it must be there, and be 0 or 1, is the schema's to say
        const must = attributeOf(block, 'mustUnderstand', SOAP)
        if (must === '0' || must === 'false') yield { element: block, detail: block.local }
      }
    },
  },
  {
    id: 'osci-structure.certificate-refused-elsewhere',
    severity: 'warning',
    reference: 'wire fact 26; osci-1.2 T50',
    de: 'Das Schema erlaubt ein Zertifikat dieser Rolle in dieser Nachricht, die verbreitete Bibliothek weist die Nachricht damit ab.',
    en: 'The schema allows a certificate of this role in this message; the common library refuses the message with it.',
    *run({ envelope, type }) {
      for (const block of envelope.header.filter((b) => isElement(b, OSCI, 'NonIntermediaryCertificates')))
        for (const element of elementsOf(block))
          if (type.refusedElsewhere?.some((role) => role === element.local)) yield { element, detail: element.local }
    },
  },
]
