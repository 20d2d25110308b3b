// SPDX-License-Identifier: EUPL-1.2
/**
 * Protector envelopes in words: what the core sees of them, and what the reader does.
 * Specs: docs/envelope.md §2 to §6.
 * @module
 */
import { ENVELOPE_LIMITS, FRAME_BYTES, readContainer } from '../../envelope/container.js'
import { readOuterHeader, type OuterHeader } from '../../envelope/header.js'
import type { EnvelopePart, OpenedEnvelope } from '../../envelope/types.js'
import { sha256 } from '../contents.js'
import type { SeenDocument } from '../seen.js'
import type { DocumentBytes } from './documents.js'
import type { Telling } from './telling.js'
import { byteCount, fact, thing, words, type Thing, type Words } from './types.js'
import { documentThing } from './xoev-things.js'

const SEGMENTS: readonly Words[] = [
  words('offener Kopf (geschützt, aber lesbar)', 'open header (protected, but readable)'),
  words('verschlüsselter Inhaltsschlüssel', 'wrapped content key'),
  words('Initialisierungsvektor', 'initialisation vector'),
  words('verschlüsselte, signierte Metadaten', 'sealed, signed metadata'),
  words('Prüfmarke', 'authentication tag'),
]

/** Parts of the compact JWE, which is public by its nature. */
function jweThings(jwe: string, at: number, file: DocumentBytes): Thing[] {
  let from = at
  return jwe.split('.').map((segment, index) => {
    const place = { document: file.id, from, to: from + segment.length }
    from += segment.length + 1
    return thing(SEGMENTS[index] ?? words('?', '?'), {
      facts: [fact('Größe', 'size', byteCount(segment.length))],
      place,
    })
  })
}

/** The frame and what stands open in it; undefined where it cannot be read. */
export function envelopeThing(bytes: Uint8Array, at: number, file: DocumentBytes, telling: Telling): Thing | undefined {
  let header: OuterHeader
  let jwe: string
  try {
    ;({ jwe } = readContainer(bytes, ENVELOPE_LIMITS))
    header = readOuterHeader(jwe, ENVELOPE_LIMITS)
  } catch {
    return undefined
  }
  const sealedAt = at + FRAME_BYTES + jwe.length
  // the open header names a mailbox, which is a key of a directory
  file.reveal(at, at + FRAME_BYTES)
  file.reveal(at + FRAME_BYTES + jwe.indexOf('.'), at + bytes.byteLength)
  return thing(words('Rahmen und offener Kopf', 'frame and open header'), {
    meaning: words('Mehr als dies sieht der Kern nicht.', 'The core sees no more than this.'),
    reference: 'docs/envelope.md §2, §3',
    layers: ['mime'],
    facts: [
      fact('Kennung', 'id', header.id),
      fact('Postfach', 'mailbox', telling.discretion.key(header.to)),
      fact('Lebensdauer', 'life', words(`${header.ttlSeconds} Sekunden`, `${header.ttlSeconds} seconds`)),
      fact('verschlossen mit', 'sealed by', `${header.alg}, A256GCM`),
      fact('Schlüssel des Lesers (kid)', "reader's key (kid)", header.kid),
    ],
    place: { document: file.id, from: at, to: sealedAt },
    parts: [
      ...jweThings(jwe, at + FRAME_BYTES, file),
      thing(words('verschlüsselte Teile und Auffüllung', 'sealed parts and padding'), {
        meaning: words(
          'Wo ein Teil endet und die Auffüllung beginnt, sagen nur die Metadaten.',
          'Where a part ends and padding begins, only the metadata tell.',
        ),
        reference: 'docs/envelope.md §2, §7',
        place: { document: file.id, from: sealedAt, to: at + bytes.byteLength },
      }),
    ],
  })
}

const KINDS: Readonly<Record<OpenedEnvelope['kind'], Words>> = {
  request: words('Anfrage', 'request'),
  notice: words('Vorabnachricht', 'notice'),
  result: words('Ergebnis', 'result'),
  message: words('Nachricht ohne Antwort', 'message, one way'),
}

const ROLES: Readonly<Record<EnvelopePart['role'], Words>> = {
  document: words('das Dokument, Byte für Byte wie empfangen', 'the document, byte by byte as received'),
  reading: words('seine Lesart als JSON', 'its reading as JSON'),
  attachment: words('ein Anhang', 'an attachment'),
  osci: words('ein verschlossener Inhaltsdatencontainer von OSCI', 'a sealed content container of OSCI'),
  evidence: words('Belege der OSCI-Seite', 'evidence of the OSCI side'),
}

function partThing(part: EnvelopePart, documents: readonly SeenDocument[], telling: Telling): Thing {
  const isAttachment = part.role === 'attachment'
  const name = isAttachment ? telling.discretion.contentId(part.name) : part.name
  const title = words(`Teil ${name}`, `part ${name}`)
  const seen = documents.find((one) => one.bytes === part.bytes)
  const home = seen && telling.document(`content:${name}`, title, part.bytes)
  return thing(title, {
    meaning: ROLES[part.role],
    reference: 'docs/envelope.md §5',
    facts: [
      fact('Medientyp', 'media type', part.mediaType),
      fact('Größe', 'size', byteCount(part.bytes.byteLength)),
      ...(telling.discretion.shows ? [fact('SHA-256', 'SHA-256', sha256(part.bytes))] : []),
    ],
    parts: seen && home ? [documentThing(seen, home, 0, words(`Dokument in ${name}`, `document in ${name}`), telling)] : [],
  })
}

/** What the reader's key opened, and the sender's signature vouches for. */
export function openedEnvelopeThing(opened: OpenedEnvelope | undefined, documents: readonly SeenDocument[], telling: Telling): Thing {
  const about = {
    reference: 'docs/envelope.md §5, §6',
    meaning: words(
      'Signierte Metadaten und Teile; nur der Leser kann sie öffnen.',
      'Signed metadata and parts; only the reader can open them.',
    ),
    layers: ['content-encryption', 'author-signature'] as const,
  }
  const title = words('Inhalt des Umschlags', 'content of the envelope')
  if (!opened) return thing(title, { ...about, says: [words('Verschlossen geblieben.', 'It stayed closed.')] })
  const { discretion } = telling
  const said = (de: string, en: string, value: string | undefined) => (value === undefined ? [] : [fact(de, en, value)])
  return thing(title, {
    ...about,
    says: [
      words(`${KINDS[opened.kind].de}; die Signatur des Absenders hält.`, `A ${KINDS[opened.kind].en}; the sender's signature holds.`),
      ...(opened.vouched
        ? [
            words(
              'Für den Schlüssel bürgt der Absender; registriert ist er nicht.',
              'The sender vouches for the key; it is not registered.',
            ),
          ]
        : []),
    ],
    facts: [
      fact('Absender (Teilnehmer)', 'sender (participant)', discretion.value(opened.sender)),
      fact('Schlüssel der Signatur', 'key of the signature', opened.signerThumbprint),
      fact('erstellt', 'created', opened.createdAt),
      ...said('Antwort an', 'answer to', opened.replyTo === undefined ? undefined : discretion.value(opened.replyTo)),
      ...said('antwortet auf', 'answers', opened.inReplyTo),
      ...said(
        'Ausgang',
        'outcome',
        opened.outcome && [opened.outcome.status, ...(opened.outcome.reasons ?? []).map(({ code }) => code)].join(' '),
      ),
      ...said('Betreff', 'subject', opened.subject === undefined ? undefined : discretion.value(opened.subject)),
      ...said('Beleg: OSCI-Nachricht', 'evidence: OSCI message', opened.osci?.messageType),
    ],
    parts: opened.parts.map((part) => partThing(part, documents, telling)),
  })
}
