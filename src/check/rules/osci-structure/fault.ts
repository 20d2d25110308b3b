// SPDX-License-Identifier: EUPL-1.2
/**
 * SOAP faults: a code that travels as fault, on the side that the code says.
 * Specs: osci-1.2 §2.13, §8.1, §8.4; [SOAP 1.1 §4.4].
 * @module
 */
import { feedbackRow } from '../../../osci/feedback.js'
import type { FaultView, Rule } from '../rule.js'

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
      const side = fault.osciCode === undefined ? undefined : feedbackRow(fault.osciCode)?.fault
      if (side !== undefined && side !== fault.side) yield { element, detail: `${fault.side} instead of ${side}` }
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
