// SPDX-License-Identifier: EUPL-1.2
/**
 * Values of elements and attributes, by what the tables say they are: how each is told, and whether its bytes may be seen.
 * @module
 */
import { FEEDBACK } from '../../osci/feedback.js'
import { PREFIX, SOAP, XSI } from '../../osci/names.js'
import { algorithmOf } from '../../xml/algorithms.js'
import { decodeBase64 } from '../../xml/base64.js'
import { XML } from '../../xml/names.js'
import { textOf, type XmlAttribute, type XmlElement } from '../../xml/tree.js'
import { attributeRow, type AttributeHolds } from './attributes.js'
import { factsOfDer, mayShowDer } from './certificates.js'
import type { Discretion } from './discretion.js'
import { elementRow } from './elements.js'
import type { Telling } from './telling.js'
import { byteCount, fact, words, type Fact, type Holds, type Words } from './types.js'

interface ValueRow {
  tell(text: string, discretion: Discretion): readonly Fact[]
  shows(text: string, discretion: Discretion): boolean
}

const value = (shown: string | Words): Fact[] => [fact('Wert', 'value', shown)]

const octets = (text: string): Words => {
  const bytes = decodeBase64(text)
  return bytes ? byteCount(bytes.byteLength) : words('kein Base64', 'no Base64')
}

function decodedId(text: string): string | Words {
  const bytes = decodeBase64(text)
  try {
    if (bytes) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // told as what it is
  }
  return words('kein Text in Base64', 'no text in Base64')
}

/** A feedback code with its text. */
export function feedbackWords(code: string): Words {
  const row = FEEDBACK.find((one) => one.code === code)
  return row
    ? words(`${code} – ${row.de}`, `${code} – ${row.en}`)
    : words(`${code} – kein Code von OSCI 1.2`, `${code} – no code of OSCI 1.2`)
}

const always = (): boolean => true
const never = (): boolean => false
const ifAsked = (_text: string, { shows }: Discretion): boolean => shows

const VALUES: Readonly<Record<Holds, ValueRow>> = {
  elements: { tell: () => [], shows: never },
  text: { tell: (text) => value(text.trim()), shows: always },
  personal: { tell: (text, discretion) => value(discretion.value(text)), shows: ifAsked },
  'message-id': { tell: (text) => value(decodedId(text)), shows: always },
  octets: { tell: (text) => value(octets(text)), shows: always },
  content: { tell: (text) => value(octets(text)), shows: ifAsked },
  secret: { tell: (text) => value(octets(text)), shows: ifAsked },
  opaque: { tell: (text) => value(words(`${text.length} Zeichen`, `${text.length} characters`)), shows: ifAsked },
  certificate: {
    tell: (text, discretion) => factsOfDer(decodeBase64(text), discretion),
    shows: (text, discretion) => mayShowDer(decodeBase64(text), discretion),
  },
  subject: { tell: (text, discretion) => value(discretion.name(text)), shows: (text, discretion) => !discretion.hidesName(text) },
  feedback: { tell: (text) => value(feedbackWords(text.trim())), shows: always },
}

/** Keys of directories keep their prefix, whatever standard they stand in. */
const KEYS = /^(?:kennung|praefix)$/i

/** What an element says by its text. Of strangers nothing is known: they are taken to speak of persons. */
export function valueFacts(e: XmlElement, discretion: Discretion): readonly Fact[] {
  const row = elementRow(e.uri, e.local)
  const text = textOf(e)
  if (row) return text.trim() === '' && row.holds !== 'text' ? [] : VALUES[row.holds].tell(text, discretion)
  if (text.trim() === '') return []
  return value(KEYS.test(e.local) ? discretion.key(text.trim()) : discretion.value(text))
}

export function textIsVisible(e: XmlElement, discretion: Discretion): boolean {
  const row = elementRow(e.uri, e.local)
  return row ? VALUES[row.holds].shows(textOf(e), discretion) : discretion.shows
}

const ATTRIBUTE_PREFIXES: Readonly<Record<string, string>> = { '': '', [SOAP]: 'soap:', [XSI]: 'xsi:', [XML]: 'xml:' }

const nameOf = ({ uri, prefix, local }: XmlAttribute): string => (ATTRIBUTE_PREFIXES[uri] ?? `${prefix}:`) + local

/** The name of an element with the prefix that everybody writes. */
export const elementName = ({ uri, prefix, local }: XmlElement): string => {
  const usual = PREFIX[uri] ?? prefix
  return usual === '' ? local : `${usual}:${local}`
}

/** `AES-256-GCM`; the URI where nobody knows it. */
export const algorithmName = (uri: string): string => algorithmOf(uri)?.name ?? uri

type AttributeTeller = (value: string, e: XmlElement, telling: Telling) => string

const ATTRIBUTES: Readonly<Record<AttributeHolds, AttributeTeller>> = {
  text: (text) => text,
  quiet: (text) => text,
  algorithm: algorithmName,
  reference: (uri, e, telling) => {
    const target = uri.startsWith('#') ? telling.target(e, uri.slice(1)) : undefined
    const shown = telling.discretion.uri(uri)
    return target ? `${shown} → ${elementName(target)}` : shown
  },
}

const rowOf = (e: XmlElement, a: XmlAttribute) => (elementRow(e.uri, e.local) ? attributeRow(nameOf(a)) : undefined)

export function attributeFacts(e: XmlElement, telling: Telling): Fact[] {
  return e.attributes.map((a) => {
    const row = rowOf(e, a)
    const name = nameOf(a)
    if (!row) return fact(name, name, telling.discretion.value(a.value))
    const { label, holds } = row
    return {
      label: words(`${name} (${label.de})`, `${name} (${label.en})`),
      value: ATTRIBUTES[holds](a.value, e, telling),
      ...(holds === 'quiet' ? { quiet: true as const } : {}),
    }
  })
}

export function attributeIsVisible(e: XmlElement, a: XmlAttribute, discretion: Discretion): boolean {
  const row = rowOf(e, a)
  if (!row) return discretion.shows
  return row.holds !== 'reference' || discretion.uri(a.value) === a.value
}
