// SPDX-License-Identifier: EUPL-1.2
/**
 * Identification numbers (IdNr, § 139b AO): eleven digits, the last a check digit.
 *
 *   p = 10; for each of ten digits: s = (d + p) mod 10, or 10; p = 2s mod 11      check = (11 − p) mod 10      [ISO 7064 MOD 11,10]
 *
 * Of the first ten digits exactly one occurs twice or three times, three not side by side, and no other occurs more than once.
 * Numbers of test messages begin with 0, productive ones never do. Which elements hold such a number says the schema by its type.
 * Specs: xoev.md §3.5; [ISO 7064 §9].
 * @module
 */
import { attributeOf, elementsOf, textOf, type XmlElement } from '../../xml/tree.js'
import type { BodyView, RuleHit, XoevRule } from './rule.js'

const TYPE_NAME = 'Identifikationsnummer'

/** Whether the eleventh digit fits the ten before it. @param idnr eleven digits. */
export function hasCheckDigit(idnr: string): boolean {
  let product = 10
  for (const digit of idnr.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10
    product = (2 * sum) % 11
  }
  return (11 - product) % 10 === Number(idnr[10])
}

/** Whether digits repeat as they must. @param idnr eleven digits. */
export function repeatsAsAllowed(idnr: string): boolean {
  const ten = idnr.slice(0, 10)
  const counts = new Map<string, number>()
  for (const digit of ten) counts.set(digit, (counts.get(digit) ?? 0) + 1)
  const repeated = [...counts].filter(([, count]) => count > 1)
  const [only] = repeated
  if (!only || repeated.length > 1 || only[1] > 3) return false
  return only[1] < 3 || !ten.includes(only[0].repeat(3))
}

/** Elements of the type, with eleven digits; other contents are the schema's business. */
function numbersOf({ document, types }: BodyView): (readonly [XmlElement, string])[] {
  const found: [XmlElement, string][] = []
  types.visit(document.root, (e, { type }) => {
    if (!type || attributeOf(type.node, 'name') !== TYPE_NAME || elementsOf(e).length > 0) return
    const text = textOf(e).trim()
    if (/^\d{11}$/.test(text)) found.push([e, text])
  })
  return found
}

function* broken(view: BodyView, breaks: (idnr: string) => boolean): Generator<RuleHit> {
  for (const [element, idnr] of numbersOf(view)) if (breaks(idnr)) yield { element }
}

export const IDNR_RULES: readonly XoevRule<BodyView>[] = [
  {
    id: 'rules.idnr-check-digit',
    severity: 'warning',
    reference: '§ 139b AO; ISO 7064 MOD 11,10',
    de: 'Die Prüfziffer einer Identifikationsnummer ist falsch.',
    en: 'The check digit of an identification number is wrong.',
    run: (view) => broken(view, (idnr) => !hasCheckDigit(idnr)),
  },
  {
    id: 'rules.idnr-digits',
    severity: 'warning',
    reference: '§ 139b AO, Aufbau der Identifikationsnummer',
    de: 'Die Ziffern einer Identifikationsnummer wiederholen sich nicht so, wie ihr Aufbau es vorschreibt.',
    en: 'The digits of an identification number do not repeat as its structure demands.',
    run: (view) => broken(view, (idnr) => !repeatsAsAllowed(idnr)),
  },
  {
    id: 'rules.idnr-test',
    severity: 'warning',
    reference: 'xoev.md §3.5',
    de: 'Eine Identifikationsnummer für Tests (Beginn 0) steht in einer echten Nachricht, oder eine echte in einer Testnachricht.',
    en: 'An identification number for tests (beginning with 0) is in a real message, or a real one in a test message.',
    run: (view) => broken(view, (idnr) => idnr.startsWith('0') !== (attributeOf(view.document.root, 'test') !== undefined)),
  },
]
