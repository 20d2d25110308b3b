// SPDX-License-Identifier: EUPL-1.2
/**
 * Content data in words: what is encrypted for whom, who signed, what is inside, as deep as the keys reach.
 * @module
 */
import type { ContentItem, OpenedContainer, OpenedContent, SealedContainer } from '../../osci/content-types.js'
import { OSCI, XENC } from '../../osci/names.js'
import type { CertificateEntry, SoapEnvelope } from '../../osci/types.js'
import { elementsOf, isElement, type XmlElement } from '../../xml/tree.js'
import { readEncryptedData, type EncryptedData } from '../../xml/xenc.js'
import { sha256 } from '../contents.js'
import type { SeenDocument } from '../seen.js'
import { certificatesOf, factsOfDer, subjectOf } from './certificates.js'
import type { DocumentBytes } from './documents.js'
import { mediaTypeIn } from './mime-heads.js'
import { encryptionFacts } from './osci-things.js'
import { authorThings } from './signature-things.js'
import type { Telling } from './telling.js'
import { byteCount, fact, thing, words, type Thing, type Words } from './types.js'
import { documentThing } from './xoev-things.js'

/** What one telling of contents carries along. */
interface Contents {
  readonly certificates: readonly CertificateEntry[]
  readonly documents: readonly SeenDocument[]
  /** Where the message stands. */
  readonly home: DocumentBytes
  readonly telling: Telling
}

const SEALED: Readonly<Record<SealedContainer['reason'], Words>> = {
  'no-key': words('Verschlossen geblieben: kein passender Schlüssel zur Hand (--keystore).', 'It stayed closed: no key at hand fits (--keystore).'),
  undecryptable: words('Verschlossen geblieben: mit dem passenden Schlüssel nicht zu entschlüsseln.', 'It stayed closed: not to be decrypted with the key that fits.'),
  unreadable: words('Entschlüsselt, aber was darin steht, ist nicht lesbar.', 'Decrypted, and what stands in it cannot be read.'),
  'not-allowed': words('Verschlossen geblieben: das Verfahren wird nicht ausgeführt.', 'It stayed closed: the method is not executed.'),
} // prettier-ignore

function itemThing(item: ContentItem, container: OpenedContainer, told: Contents): Thing {
  const { telling, home, documents } = told
  const isAttachment = item.kind === 'attachment'
  const name = isAttachment ? telling.discretion.contentId(item.id) : item.id
  const element = isAttachment ? undefined : telling.target(container.element, item.id)
  const place = element ? telling.placeOf(element) : home.rangeOf(item.bytes)
  const title = isAttachment ? words(`Anhang ${name}`, `attachment ${name}`) : words(`Inhalt ${name}`, `content ${name}`)
  const seen = documents.find((one) => one.bytes === item.bytes)
  const own = seen && telling.document(`content:${name}`, title, item.bytes)
  const document = seen && own && documentThing(seen, own, 0, words(`Dokument in ${name}`, `document in ${name}`), telling)
  return thing(title, {
    says: [
      item.signedBy.length > 0
        ? words(
            `Verantwortet von ${item.signedBy.map((one) => subjectOf(one, telling.discretion)).join('; ')}.`,
            `Answered for by ${item.signedBy.map((one) => subjectOf(one, telling.discretion)).join('; ')}.`,
          )
        : words('Keine gültige Autorensignatur deckt ihn ab.', 'No valid author signature covers it.'),
    ],
    facts: [
      fact('Größe', 'size', byteCount(item.bytes.byteLength)),
      // a short text is found by guessing what has this digest
      ...(telling.discretion.shows ? [fact('SHA-256', 'SHA-256', sha256(item.bytes))] : []),
      ...(item.contentType === undefined ? [] : [fact('Content-Type', 'Content-Type', mediaTypeIn(item.contentType, telling.discretion))]),
      fact('verschlüsselt', 'encrypted', item.encrypted ? words('ja', 'yes') : words('nein', 'no')),
    ],
    ...(place ? { place } : {}),
    parts: document ? [document] : [],
  })
}

function readerThings(data: EncryptedData, { certificates, telling }: Contents): Thing[] {
  return data.keys.map((key) => {
    const entry = certificates.find((one) => one.id === key.retrievalUri)
    return thing(words('Leser', 'reader'), {
      meaning: words('Für dieses Zertifikat ist der Inhaltsschlüssel verschlüsselt.', 'The content key is encrypted for this certificate.'),
      ...(entry ? { name: entry.role } : {}),
      facts: factsOfDer(entry?.der, telling.discretion),
    })
  })
}

/** An encrypted container: for whom, and what is inside once it is open. */
function boxThing(e: XmlElement, opened: OpenedContainer | undefined, sealed: SealedContainer | undefined, told: Contents): Thing {
  const place = told.telling.placeOf(e)
  const about = {
    name: 'xenc:EncryptedData',
    reference: 'OSCI12 §6.3',
    meaning: words('Nur die genannten Leser können den Container öffnen.', 'Only the readers named can open the container.'),
    ...(place ? { place } : {}),
  }
  const title = words('Verschlüsselter Container', 'encrypted container')
  let data: EncryptedData
  try {
    data = readEncryptedData(e, 'content-encryption')
  } catch {
    return thing(title, { ...about, says: [words('Er ist nicht aufgebaut wie vorgeschrieben.', 'It is not built as required.')] })
  }
  if (opened)
    told.telling.inside(opened.element, words(`im entschlüsselten Container ${opened.id}`, `in the decrypted container ${opened.id}`))
  return thing(title, {
    ...about,
    says: sealed ? [SEALED[sealed.reason]] : opened ? [words('Mit einem der Schlüssel geöffnet.', 'Opened with one of the keys.')] : [],
    facts: encryptionFacts(data),
    parts: [...readerThings(data, told), ...(opened ? [containerThing(opened, told)] : [])],
  })
}

const isBox = (e: XmlElement): boolean => {
  if (!isElement(e, XENC, 'EncryptedData')) return false
  try {
    const { mgmtData, cipherReference } = readEncryptedData(e, 'content-encryption')
    return !mgmtData || !cipherReference
  } catch {
    return true
  }
}

/** Encrypted children of `parent` in their order, each with what came out of it: opened ones keep that order. */
function boxThings(parent: XmlElement, opened: readonly OpenedContainer[], sealed: readonly SealedContainer[], told: Contents): Thing[] {
  const queue = opened.filter((one) => one.encryption !== undefined)
  return elementsOf(parent)
    .filter(isBox)
    .map((e) => {
      const closed = sealed.find((one) => one.element === e)
      return boxThing(e, closed ? undefined : queue.shift(), closed, told)
    })
}

function containerThing(container: OpenedContainer, told: Contents): Thing {
  const { element, authors, items, nested, sealed } = container
  const place = told.telling.placeOf(element)
  const valid = authors.filter(({ verdict }) => verdict === 'valid').length
  // nested ones that were encrypted themselves are told with their encryption; what is encrypted inside an encrypted one keeps its own
  const plain = nested.filter(({ encryption }) => encryption === undefined)
  return thing(words(`Container ${container.id}`, `container ${container.id}`), {
    name: 'osci:ContentContainer',
    reference: 'OSCI12 §6.1',
    meaning: words('Inhalte, die zusammengehören.', 'Contents that belong together.'),
    says: [
      authors.length === 0
        ? words('Kein Autor hat ihn signiert.', 'No author signed it.')
        : words(
            `Autorensignaturen: ${authors.length}, davon gültig: ${valid}.`,
            `Author signatures: ${authors.length}, of them valid: ${valid}.`,
          ),
    ],
    ...(place ? { place } : {}),
    parts: [
      ...authorThings(element, authors, told.telling),
      ...items.map((item) => itemThing(item, container, told)),
      ...plain.map((one) => containerThing(one, told)),
      ...boxThings(element, nested, sealed, told),
    ],
  })
}

/** Everything in the ContentPackage of a message. */
export function contentsThing(
  contents: OpenedContent,
  envelope: SoapEnvelope,
  documents: readonly SeenDocument[],
  home: DocumentBytes,
  telling: Telling,
): Thing {
  const told: Contents = { certificates: certificatesOf(envelope), documents, home, telling }
  const element = elementsOf(envelope.body).find((e) => isElement(e, OSCI, 'ContentPackage'))
  const place = element && telling.placeOf(element)
  const unnamed = contents.unnamed.map((id) => telling.discretion.contentId(id))
  const isEmpty = contents.containers.length + contents.sealed.length === 0
  return thing(words('Inhaltsdaten', 'content data'), {
    name: 'osci:ContentPackage',
    reference: 'OSCI12 §6',
    meaning: words(
      'Was nur Autor und Leser angeht; der Intermediär befördert es ungelesen.',
      'What concerns author and reader only; the intermediary carries it unread.',
    ),
    layers: ['content-encryption', 'author-signature'],
    says: [
      ...(isEmpty ? [words('Keine.', 'None.')] : []),
      ...(unnamed.length === 0
        ? []
        : [
            words(
              `Von keinem lesbaren Inhalt genannt: ${unnamed.join(', ')}.`,
              `Named by no content that could be read: ${unnamed.join(', ')}.`,
            ),
          ]),
    ],
    ...(place ? { place } : {}),
    parts: [
      ...contents.containers.filter(({ encryption }) => encryption === undefined).map((one) => containerThing(one, told)),
      ...(element ? boxThings(element, contents.containers, contents.sealed, told) : []),
    ],
  })
}
