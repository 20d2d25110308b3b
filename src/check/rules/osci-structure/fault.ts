// SPDX-License-Identifier: EUPL-1.2
/**
 * SOAP faults: a code that travels as fault, on the side that the code says, in the words that the common library knows.
 * Specs: osci-1.2 §2.13, §8.1, §8.4, trap T4; wire fact 61; [SOAP 1.1 §4.2.3, §4.4].
 * @module
 */
import { feedbackRow } from '../../../osci/feedback.js'
import { childOf, textOf } from '../../../xml/tree.js'
import type { FaultView, Rule } from '../rule.js'

/** SOAP has a side of its own for a block that must be understood and is not, which OSCI answers 9300. */
const isOwnSide = (side: string, code: string): boolean => side === 'MustUnderstand' && code === '9300'

export const FAULT_RULES: readonly Rule<FaultView>[] = [
  {
    id: 'osci-structure.fault-without-code',
    severity: 'warning',
    reference: 'osci-1.2 §2.13',
    de: 'Die Fehlermeldung (SOAP Fault) nennt keinen OSCI-Code.',
    en: 'The SOAP fault names no OSCI code.',
    *run({ fault, element }) {
      if (fault.osciCode === undefined || fault.osciCode === '') yield { element }
    },
  },
  {
    id: 'osci-structure.fault-code',
    severity: 'warning',
    reference: 'osci-1.2 §8.1, §8.4',
    de: 'Der Code der Fehlermeldung ist keiner, der als SOAP-Fault reist.',
    en: 'The code of the fault is none that travels as SOAP fault.',
    *run({ fault, element }) {
      if (fault.osciCode !== undefined && fault.osciCode !== '' && feedbackRow(fault.osciCode)?.fault === undefined)
        yield { element, detail: /^\d{4}$/.test(fault.osciCode) ? fault.osciCode : 'not four digits' }
    },
  },
  {
    id: 'osci-structure.fault-side',
    severity: 'warning',
    reference: 'osci-1.2 §8.1',
    de: 'Die Fehlermeldung gibt der falschen Seite die Schuld: Server bei 9000 und 9503, sonst Client.',
    en: 'The fault blames the wrong side: Server for 9000 and 9503, Client for all the rest.',
    *run({ fault, element }) {
      const { osciCode = '' } = fault
      const side = feedbackRow(osciCode)?.fault
      if (side !== undefined && side !== fault.side && !isOwnSide(fault.side, osciCode))
        yield { element, detail: `${fault.side} instead of ${side}` }
    },
  },
  {
    id: 'osci-structure.fault-side-form',
    severity: 'warning',
    reference: 'wire fact 61; osci-1.2 T4',
    de: 'faultcode ist nicht genau Client oder Server mit dem Präfix des Umschlags (soap:Server); die verbreitete Bibliothek vergleicht den Text.',
    en: 'faultcode is not exactly Client or Server with the prefix of the envelope (soap:Server); the common library compares the text.',
    *run({ fault: { side }, element }) {
      const code = childOf(element, '', 'faultcode')
      const wanted = element.prefix === '' ? side : `${element.prefix}:${side}`
      if (code && (side === 'Client' || side === 'Server') && textOf(code).trim() !== wanted)
        yield { element: code, detail: `instead of ${wanted}` }
    },
  },
  {
    id: 'osci-structure.fault-text',
    severity: 'info',
    reference: 'SOAP 1.1 §4.4',
    de: 'Die Fehlermeldung hat keinen Text.',
    en: 'The fault has no text.',
    *run({ fault, element }) {
      if (fault.text.trim() === '') yield { element }
    },
  },
]
