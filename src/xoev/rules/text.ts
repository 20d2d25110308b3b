// SPDX-License-Identifier: EUPL-1.2
/**
 * Texts of an XÖV document: characters that DIN 91379 has at all, in normal form C.
 *
 * The standard lists Latin letters with their combinations, Greek and Cyrillic letters, and signs. Which of its five datatypes an element
 * has, and so exactly which characters, says the schema; this looks only for what none of the datatypes holds.
 * Specs: xoev.md §2.1, §2.2 rule 6, §14.2; [DIN 91379 datatypes A to E].
 * @module
 */
import { textOf, type XmlDocument, type XmlElement } from '../../xml/tree.js'
import type { RuleHit, XoevRule } from './rule.js'

export interface TextView {
  readonly document: XmlDocument
}

/**
 * Unassigned, private and control characters besides tab and line breaks, letters of other scripts, pictures but © ® ™, and whatever
 * lies beyond U+FFFF.
 */
const FOREIGN =
  /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]|[\p{Co}\p{Cn}]|[\u0080-\u009f\u007f]|[\u{10000}-\u{10ffff}]|(?![©®™])\p{Extended_Pictographic}/u

interface OwnText {
  readonly element: XmlElement
  readonly text: string
}

/** Of elements with a text of their own beyond ASCII, in document order; most have none, and each rule would walk the whole document. */
const beyondAscii = new WeakMap<XmlDocument, readonly OwnText[]>()

function textsOf(document: XmlDocument): readonly OwnText[] {
  const known = beyondAscii.get(document)
  if (known) return known
  const found: OwnText[] = []
  const stack = [document.root]
  for (let e = stack.pop(); e; e = stack.pop()) {
    const { children } = e
    for (let i = children.length - 1; i >= 0; i--) {
      const child = children[i]
      if (child?.kind === 'element') stack.push(child)
    }
    const text = textOf(e)
    if (/[\u007f-\uffff]/.test(text)) found.push({ element: e, text })
  }
  beyondAscii.set(document, found)
  return found
}

/** The first element whose own text breaks a rule. */
function firstText(document: XmlDocument, breaks: (text: string) => string | undefined): RuleHit | undefined {
  for (const { element, text } of textsOf(document)) {
    const detail = breaks(text)
    if (detail !== undefined) return { element, ...(detail === '' ? {} : { detail }) }
  }
  return undefined
}

export const TEXT_RULES: readonly XoevRule<TextView>[] = [
  {
    id: 'xoev-schema.not-normalized',
    severity: 'warning',
    reference: 'XÖV, DIN 91379',
    de: 'Ein Text ist nicht in Unicode-Normalform C.',
    en: 'A text is not in Unicode normalization form C.',
    *run({ document }) {
      const hit = firstText(document, (text) => (/[\u0300-\uffff]/.test(text) && text.normalize('NFC') !== text ? '' : undefined))
      if (hit) yield hit
    },
  },
  {
    id: 'xoev-schema.characters',
    severity: 'warning',
    reference: 'DIN 91379, Datentypen A bis E',
    de: 'Ein Text enthält ein Zeichen, das keiner der Datentypen der DIN 91379 kennt.',
    en: 'A text holds a character that none of the datatypes of DIN 91379 knows.',
    *run({ document }) {
      const hit = firstText(document, (text) => {
        const found = FOREIGN.exec(text)?.[0].codePointAt(0)
        return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`
      })
      if (hit) yield hit
    },
  },
]
