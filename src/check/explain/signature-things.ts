// SPDX-License-Identifier: EUPL-1.2
/**
 * Signatures in words: who, how, which reference covers what, and what nobody vouches for.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { certificateIn } from '../../osci/certificates.js'
import type { AuthorReport } from '../../osci/content-types.js'
import { messageType } from '../../osci/messages.js'
import { DS, OSCI } from '../../osci/names.js'
import { referencesByUri } from '../../osci/author-signature.js'
import type { SoapEnvelope } from '../../osci/types.js'
import { readSignature, type Signature } from '../../xml/dsig.js'
import { attributeOf, elementsOf, isElement, type XmlElement } from '../../xml/tree.js'
import type { Verdict } from '../types.js'
import { certificateFacts, certificatesOf } from './certificates.js'
import { algorithmName, elementName } from './element-values.js'
import type { Telling } from './telling.js'
import { fact, thing, words, type Fact, type Thing, type Words } from './types.js'

const TITLE = words('Auftragssignatur', 'message signature')
const ABOUT = {
  meaning: words(
    'Wer die Nachricht schickt, signiert alle ihre Teile: jeden Kopfblock, den Rumpf, jeden Anhang.',
    'Who sends the message signs all its parts: every header block, the body, every attachment.',
  ),
  reference: 'OSCI12 §7.4',
  layers: ['message-signature', 'certificates'] as const,
}

const list = (names: readonly string[]): string => names.join(', ')

/** What references point at, what is left without one. */
interface Coverage {
  readonly covered: readonly string[]
  readonly uncovered: readonly string[]
}

/** @param elements and attachments (their `cid:` URIs) that should be covered. */
function coverageOf(elements: readonly XmlElement[], attachments: readonly string[], signature: Signature, telling: Telling): Coverage {
  const named = referencesByUri(signature)
  const counts = new Map<string, number>()
  for (const name of elements.map(elementName)) counts.set(name, (counts.get(name) ?? 0) + 1)
  // of two with one name, one covered and one not, everybody must see which
  const nameOf = (e: XmlElement, id: string): string => {
    const name = elementName(e)
    return counts.get(name) === 1 ? name : `${name} (Id ${id || '–'})`
  }
  const wanted = [
    ...elements.map((e) => {
      const id = attributeOf(e, 'Id') ?? ''
      return { isCovered: named.has(`#${id}`), name: nameOf(e, id) }
    }),
    ...attachments.map((uri) => ({ isCovered: named.has(uri), name: telling.discretion.uri(uri) })),
  ]
  const namesOf = (isCovered: boolean): string[] => wanted.filter((one) => one.isCovered === isCovered).map(({ name }) => name)
  return { covered: namesOf(true), uncovered: namesOf(false) }
}

function coverageWords({ covered, uncovered }: Coverage, complete: Words): Words[] {
  return [
    words(`Referenzen decken ab: ${list(covered) || 'nichts'}.`, `References cover: ${list(covered) || 'nothing'}.`),
    uncovered.length === 0 ? complete : words(`NICHT abgedeckt: ${list(uncovered)}.`, `NOT covered: ${list(uncovered)}.`),
  ]
}

/** One thing for each reference: what it names, how it is digested, where it stands. */
function referenceThings({ references }: Signature, telling: Telling): Thing[] {
  return references.map(({ uri, transforms, digestMethod, element }) => {
    const target = uri.startsWith('#') ? telling.target(element, uri.slice(1)) : undefined
    const what = target ? elementName(target) : telling.discretion.uri(uri)
    const place = target && telling.placeOf(target)
    return thing(words(`Referenz auf ${what}`, `reference to ${what}`), {
      facts: [
        fact('URI', 'URI', telling.discretion.uri(uri)),
        fact(
          'Form',
          'form',
          transforms.length === 0 ? words('Bytes, wie sie sind', 'bytes as they are') : list(transforms.map(algorithmName)),
        ),
        fact('Prüfwert', 'digest', algorithmName(digestMethod)),
      ],
      ...(place ? { place } : {}),
    })
  })
}

const methodFacts = (signature: Signature): Fact[] => [
  fact('Verfahren', 'method', algorithmName(signature.signatureMethod)),
  fact('Prüfwerte', 'digests', list([...new Set(signature.references.map((r) => algorithmName(r.digestMethod)))])),
]

const VERDICTS: Readonly<Record<Verdict, Words>> = {
  valid: words('Sie hält: Signaturwert und alle Prüfwerte stimmen.', 'It holds: the signature value and all digests are right.'),
  invalid: words('Sie hält NICHT.', 'It does NOT hold.'),
  unchecked: words('Ob sie hält, ließ sich nicht feststellen.', 'Whether it holds could not be found out.'),
  error: words('Ihre Prüfung ist gescheitert.', 'Checking it failed.'),
}

function signerOf(envelope: SoapEnvelope, signature: Signature): X509Certificate | undefined {
  try {
    const entry = certificatesOf(envelope).find((one) => one.id === signature.retrievalUri)
    return entry && certificateIn(entry)
  } catch {
    return undefined
  }
}

/** The message signature. `verdict` is the check's. */
export function signatureThing(envelope: SoapEnvelope, verdict: Verdict | undefined, telling: Telling): Thing {
  const block = envelope.header.find((b) => isElement(b, OSCI, 'ClientSignature') || isElement(b, OSCI, 'SupplierSignature'))
  if (!block)
    return thing(TITLE, {
      ...ABOUT,
      says: [
        words(
          'Keine: niemand bürgt auf dieser Ebene für Absender und Unversehrtheit.',
          'None: nobody vouches for sender and integrity at this level.',
        ),
      ],
    })
  const place = telling.placeOf(block)
  const there = { ...ABOUT, name: elementName(block), ...(place ? { place } : {}) }
  const says = verdict ? [VERDICTS[verdict]] : []
  let signature: Signature
  try {
    signature = readSignature(elementsOf(block)[0] ?? block, 'message-signature')
  } catch {
    return thing(TITLE, { ...there, says: [...says, words('Sie ist nicht aufgebaut wie vorgeschrieben.', 'It is not built as required.')] })
  }
  const elements = [...envelope.header, envelope.body].filter((e) => e !== block)
  const attachments = [...envelope.parts.attachments.keys()].map((id) => `cid:${id}`)
  const coverage = coverageOf(elements, attachments, signature, telling)
  const role = messageType(envelope.type ?? '')?.signer
  const signer = signerOf(envelope, signature)
  return thing(TITLE, {
    ...there,
    says: [
      ...says,
      ...(role ? [words(`Signieren muss der Schlüssel zu ${role}.`, `The key of ${role} must sign.`)] : []),
      ...coverageWords(coverage, words('Kein Teil der Nachricht bleibt ohne Referenz, außer dem Signaturblock selbst.', 'No part of the message is without a reference, except the signature block itself.')),
    ],
    facts: [...methodFacts(signature), ...(signer ? certificateFacts(signer, telling.discretion) : [fact('Signierer', 'signer', words('nicht genannt', 'not named'))])],
    parts: referenceThings(signature, telling),
  }) // prettier-ignore
}

const NOTHING_LEFT = words('Kein Teil des Containers bleibt ohne Referenz.', 'No part of the container is without a reference.')

/** Contents in the container, by the element that bears their Id, and the attachments that they name. */
function authorCoverage(container: XmlElement, signature: Signature, telling: Telling): Coverage {
  const inside = elementsOf(container).filter((e) => !isElement(e, DS, 'Signature'))
  const bearers = inside.map((e) => (attributeOf(e, 'Id') === undefined ? (elementsOf(e)[0] ?? e) : e))
  const attachments = inside.flatMap((e) => attributeOf(e, 'href') ?? [])
  return coverageOf(bearers, attachments, signature, telling)
}

/** Author signatures of a container, with the check's word on each. */
export function authorThings(container: XmlElement, authors: readonly AuthorReport[], telling: Telling): Thing[] {
  const elements = elementsOf(container).filter((e) => isElement(e, DS, 'Signature'))
  return elements.map((e, index) => {
    const report = authors[index]
    const place = telling.placeOf(e)
    const about = {
      meaning: words(
        'Wer den Inhalt verantwortet, signiert alle Teile des Containers.',
        'Who answers for the content signs all parts of the container.',
      ),
      reference: 'OSCI12 §6.2',
      ...(place ? { place } : {}),
    }
    const says = report ? [VERDICTS[report.verdict]] : []
    try {
      const signature = readSignature(e, 'author-signature')
      const time = signature.unverifiedSigningTime
      return thing(words('Autorensignatur', 'author signature'), {
        ...about,
        says: [...says, ...coverageWords(authorCoverage(container, signature, telling), NOTHING_LEFT)],
        facts: [
          ...methodFacts(signature),
          ...(time === undefined ? [] : [fact('Zeit nach eigener Angabe', 'time as the author says', time)]),
          ...(report?.certificate ? certificateFacts(report.certificate, telling.discretion) : []),
        ],
        parts: referenceThings(signature, telling),
      })
    } catch {
      return thing(words('Autorensignatur', 'author signature'), {
        ...about,
        says: [...says, words('Sie ist nicht aufgebaut wie vorgeschrieben.', 'It is not built as required.')],
      })
    }
  })
}
