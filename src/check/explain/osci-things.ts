// SPDX-License-Identifier: EUPL-1.2
/**
 * The layers of an OSCI message in words: package, encryption, signature, header, body.
 * @module
 */
import { packageGrammar } from '../../mime/grammar.js'
import type { Parts } from '../../mime/parts.js'
import { readMemory } from '../../mime/window.js'
import type { Limits } from '../../env.js'
import type { SoapEnvelope } from '../../osci/types.js'
import { elementsOf } from '../../xml/tree.js'
import { readEncryptedData, type EncryptedData } from '../../xml/xenc.js'
import { factsOfDer } from './certificates.js'
import type { DocumentBytes } from './documents.js'
import { elementThings } from './element-things.js'
import { algorithmName } from './element-values.js'
import { mediaTypeIn, revealHead, transferEncodingIn } from './mime-heads.js'
import type { Telling } from './telling.js'
import { byteCount, fact, thing, words, type Fact, type Place, type Thing, type Words } from './types.js'

const DIALECTS: Readonly<Record<Parts['dialect'], Words>> = {
  body: words('MIME-Paket, der Kopf steht im HTTP-Rumpf (so senden alle bekannten Gegenstellen).', 'MIME package whose head stands in the HTTP body (as all known peers send it).'),
  http: words('MIME-Paket, dessen Kopf nur in HTTP steht.', 'MIME package whose head stands in HTTP only.'),
  bare: words('Ein Umschlag ohne MIME.', 'An envelope without MIME.'),
} // prettier-ignore

interface PartFacts {
  readonly contentId: string
  readonly contentType: string
  readonly transferEncoding: string
}

function partThing(part: PartFacts, isRoot: boolean, bytes: number, telling: Telling, place?: Place): Thing {
  const name = telling.discretion.contentId(part.contentId)
  return thing(isRoot ? words('Teil: der SOAP-Umschlag', 'part: the SOAP envelope') : words(`Teil: ${name}`, `part: ${name}`), {
    facts: [
      ...(part.contentId === '' ? [] : [fact('Content-ID', 'Content-ID', name)]),
      fact(
        'Content-Type',
        'Content-Type',
        part.contentType === '' ? words('keiner', 'none') : mediaTypeIn(part.contentType, telling.discretion),
      ),
      ...(part.transferEncoding === ''
        ? []
        : [fact('Kodierung', 'encoding', transferEncodingIn(part.transferEncoding, telling.discretion))]),
      fact('Größe', 'size', byteCount(bytes)),
    ],
    ...(place ? { place } : {}),
  })
}

/**
 * The package as it lies in `home`, part by part.
 * @param message the package's bytes, a view into those of `home`.
 */
export function packageThing(
  parts: Parts,
  message: Uint8Array,
  home: DocumentBytes,
  limits: Limits,
  httpContentType: string | undefined,
  telling: Telling,
): Thing {
  const base = message.byteOffset - home.bytes.byteOffset
  const buffer = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const outline = readMemory(packageGrammar(buffer.length, limits, httpContentType), buffer)
  let before = 0
  const told = [outline.root, ...outline.attachments].map((part, index) => {
    revealHead(home, base + before, base + part.from, parts.boundary, telling.discretion)
    before = part.to
    return partThing(part, index === 0, part.to - part.from, telling, { document: home.id, from: base + part.from, to: base + part.to })
  })
  revealHead(home, base + before, base + message.byteLength, parts.boundary, telling.discretion)
  return thing(words('MIME-Paket', 'MIME package'), {
    meaning: DIALECTS[parts.dialect],
    reference: 'RFC2387; OSCI12 §7.5',
    layers: ['mime'],
    facts: parts.boundary === '' ? [] : [fact('Trennzeichen (boundary)', 'boundary', parts.boundary)],
    parts: told,
    place: { document: home.id, from: base, to: base + message.byteLength },
  })
}

/** The package inside the encryption: sizes only, for its bytes lie nowhere in the file. */
const innerPackageThing = ({ dialect, root, attachments }: Parts, telling: Telling): Thing =>
  thing(words('Inneres MIME-Paket', 'inner MIME package'), {
    meaning: DIALECTS[dialect],
    reference: 'OSCI12 §2.12',
    parts: [root, ...attachments.values()].map((part, index) => partThing(part, index === 0, part.body.byteLength, telling)),
  })

/** How something is encrypted: cipher, IV, key transport. */
export function encryptionFacts(data: EncryptedData): Fact[] {
  const [key] = data.keys
  const names =
    key &&
    [key.keyTransport.algorithm, key.keyTransport.mgf, key.keyTransport.digest].flatMap((uri) =>
      uri === undefined ? [] : [algorithmName(uri)],
    )
  return [
    fact('Verfahren', 'cipher', algorithmName(data.cipher)),
    fact(
      'Initialisierungsvektor',
      'initialisation vector',
      data.ivLength === undefined ? words('ohne Angabe', 'not said') : byteCount(data.ivLength),
    ),
    ...(names ? [fact('Schlüsseltransport', 'key transport', names.join(', '))] : []),
  ]
}

const TRANSPORT = words('Transportverschlüsselung', 'transport encryption')

/** Whom the whole message is encrypted for; `inner` once it is open. */
export function transportThing(frame: SoapEnvelope, inner: SoapEnvelope | undefined, telling: Telling): Thing {
  const about = {
    layers: ['transport-encryption' as const],
    reference: 'OSCI12 §2.12, soapMessageEncrypted.xsd',
    meaning: words(
      'Sie schließt die ganze Nachricht ein, Kopf und Inhalt, für die nächste Station.',
      'It encloses the whole message, header and content, for the next station.',
    ),
  }
  if (frame.kind !== 'encrypted')
    return thing(TRANSPORT, { ...about, says: [words('Keine: die Nachricht steht im Klartext.', 'None: the message stands in clear.')] })
  const [element] = elementsOf(frame.body)
  const place = element && telling.placeOf(element)
  const facts: Fact[] = []
  try {
    const data = element && readEncryptedData(element, 'transport-encryption')
    if (data) facts.push(...encryptionFacts(data), ...factsOfDer(data.keys[0]?.certificate, telling.discretion))
  } catch {
    // the layer says what is wrong with it; its elements are told below
  }
  const opened = inner
    ? words('Mit einem der Schlüssel geöffnet; alles Weitere steht in der entschlüsselten Nachricht.', 'Opened with one of the keys; all that follows stands in the decrypted message.')
    : words('Verschlossen geblieben.', 'It stayed closed.') // prettier-ignore
  return thing(TRANSPORT, {
    ...about,
    says: [opened, words('Verschlüsselt für den Inhaber dieses Zertifikats:', 'Encrypted for the subject of this certificate:')],
    facts,
    ...(place ? { place } : {}),
    parts: [...(inner ? [innerPackageThing(inner.parts, telling)] : []), ...(element ? elementThings([element], telling) : [])],
  })
}

/** Header blocks in their order, each with its meaning. */
export function headerThing(envelope: SoapEnvelope, telling: Telling): Thing {
  const [header] = elementsOf(envelope.document.root)
  const place = header && header !== envelope.body ? telling.placeOf(header) : undefined
  return thing(words('Kopfblöcke', 'header blocks'), {
    name: 'soap:Header',
    meaning: words(
      'Was der Intermediär lesen muss: Dialog, Auftrag, Zertifikate, Merkmale.',
      'What the intermediary must read: dialog, order, certificates, features.',
    ),
    reference: 'OSCI12 §2',
    layers: ['xml', 'osci-structure', 'control-block'],
    ...(place ? { place } : {}),
    parts: elementThings(envelope.header, telling),
  })
}

export function bodyThing({ body, kind }: SoapEnvelope, telling: Telling): Thing {
  const inside = elementsOf(body)
  const place = telling.placeOf(body)
  return thing(words('Rumpf', 'body'), {
    name: 'soap:Body',
    meaning: words('Hier stehen die Angaben des Auftrags und die Inhaltsdaten.', 'The place of what the order says, and of content data.'),
    reference: 'OSCI12 §2',
    ...(kind === 'fault' ? { layers: ['xml', 'osci-structure'] as const } : {}),
    says: inside.length === 0 ? [words('Er ist leer.', 'It is empty.')] : [],
    ...(place ? { place } : {}),
    parts: elementThings(inside, telling),
  })
}
