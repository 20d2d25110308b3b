// SPDX-License-Identifier: EUPL-1.2
/**
 * What a file is, in one look: kind, message, who talks to whom, and what recorders left around it. Roles and dialogs are columns of the
 * message table.
 * @module
 */
import { EXCHANGES, messageType, type Exchange, type MessageType } from '../../osci/messages.js'
import type { OsciMessage, SoapEnvelope } from '../../osci/types.js'
import type { Recognised } from '../recognise.js'
import type { Seen } from '../seen.js'
import type { CheckResult, Severity } from '../types.js'
import { certificatesOf, subjectOfDer } from './certificates.js'
import type { Discretion } from './discretion.js'
import { feedbackWords } from './element-values.js'
import { messageTitle, PURPOSES } from './elements.js'
import { byteCount, fact, thing, words, type BytePlace, type Fact, type Thing, type Words } from './types.js'

type Kind = CheckResult['kind']

const KINDS: Readonly<Record<Kind, Words>> = {
  osci: words('OSCI-Nachricht (OSCI-Transport 1.2)', 'OSCI message (OSCI-Transport 1.2)'),
  xoev: words('XML-Dokument', 'XML document'),
  envelope: words('Umschlag von Protektor', 'envelope of Protektor'),
  unknown: words('nicht erkannt', 'not recognised'),
}

const USER = words('Benutzer', 'user')
const INTERMEDIARY = words('Intermediär', 'intermediary')
const RECIPIENT = words('passiver Empfänger', 'passive recipient')

/** Client and supplier of an exchange, by who asks. */
const SIDES: Readonly<Record<Exchange['asks'], readonly [client: Words, supplier: Words]>> = {
  client: [USER, INTERMEDIARY],
  intermediary: [INTERMEDIARY, RECIPIENT],
}

const DIALOGS: Readonly<Record<Exchange['dialog'], Words>> = {
  opens: words('eröffnet einen expliziten Dialog', 'opens an explicit dialog'),
  closes: words('beendet den expliziten Dialog', 'closes the explicit dialog'),
  explicit: words('nur innerhalb eines expliziten Dialogs', 'inside an explicit dialog only'),
  either: words('für sich allein (impliziter Dialog) oder innerhalb eines expliziten', 'alone (implicit dialog) or inside an explicit one'),
  none: words('kein Dialog: eine Anfrage, eine Antwort', 'no dialog: one request, one answer'),
}

function messageWords({ name, kind, exchange }: MessageType): { readonly says: readonly Words[]; readonly facts: readonly Fact[] } {
  const row: Exchange = EXCHANGES[exchange]
  const title = messageTitle(name) ?? words(name, name)
  const isRequest = kind === 'request'
  const [client, supplier] = SIDES[row.asks]
  const [from, to] = isRequest ? [client, supplier] : [supplier, client]
  const purpose = PURPOSES[exchange]
  return {
    says: [
      words(
        isRequest ? `Anfrage: ${title.de}. Sie ${purpose.de}.` : `${title.de}.`,
        isRequest ? `Request ${title.en}: ${purpose.en}.` : `Answer ${title.en}, to ${exchange}.`,
      ),
      words(`Es spricht: ${from.de} zu ${to.de}.`, `Who speaks: ${from.en} to ${to.en}.`),
    ],
    facts: [fact('Dialog', 'dialog', DIALOGS[row.dialog])],
  }
}

const fault = {
  says: [
    words(
      'SOAP-Fehler: steht an Stelle einer Antwort, wenn keine ordentliche gebildet werden konnte.',
      'SOAP fault: stands in place of an answer where no regular one could be built.',
    ),
  ],
  facts: [],
}

const SEVERITIES: Readonly<Record<Severity, readonly [one: Words, more: Words]>> = {
  error: [words('Fehler', 'error'), words('Fehler', 'errors')],
  warning: [words('Warnung', 'warning'), words('Warnungen', 'warnings')],
  info: [words('Hinweis', 'note'), words('Hinweise', 'notes')],
}

/** How many findings of which severity; they stand with the things they are about. */
function findingFacts({ findings }: CheckResult): Fact[] {
  const counts = (Object.keys(SEVERITIES) as Severity[]).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length
    const [one, more] = SEVERITIES[severity]
    const name = count === 1 ? one : more
    return count === 0 ? [] : [words(`${count} ${name.de}`, `${count} ${name.en}`)]
  })
  const text = words(counts.map(({ de }) => de).join(', '), counts.map(({ en }) => en).join(', '))
  return counts.length === 0 ? [] : [fact('Befunde', 'findings', text)]
}

/** Business roles of the delivery that is told of, as the two certificate headers name them; who speaks may be the other one. */
const PARTIES: readonly (readonly [role: string, label: Words])[] = [
  ['Originator', words('Zustellung von (Originator)', 'delivery by (originator)')],
  ['Addressee', words('Zustellung an (Addressee)', 'delivery to (addressee)')],
  ['OtherAuthor', words('weiterer Autor', 'other author')],
  ['OtherReader', words('weiterer Leser', 'other reader')],
  ['Intermediary', words('Intermediär', 'intermediary')],
]

/** Who takes part, by certificates: what a header claims, until a signature holds. */
function partyFacts(envelope: SoapEnvelope, discretion: Discretion): Fact[] {
  const entries = certificatesOf(envelope)
  return PARTIES.flatMap(([role, label]) => {
    const subjects = entries
      .filter((one) => one.role.endsWith(`Certificate${role}`))
      .flatMap(({ der }) => subjectOfDer(der, discretion) ?? [])
    return subjects.length === 0 ? [] : [{ label, value: [...new Set(subjects)].join(' · ') }]
  })
}

/** A request that may stand alone says by its ConversationId whether it does. */
function dialogHere(type: MessageType | undefined, order: OsciMessage | undefined): Fact[] {
  if (!order || type?.kind !== 'request' || EXCHANGES[type.exchange].dialog !== 'either') return []
  const { conversationId } = order.control
  return [
    fact(
      'hier',
      'here',
      conversationId === undefined
        ? words('impliziter Dialog (keine ConversationId)', 'implicit dialog (no ConversationId)')
        : words(`expliziter Dialog ${conversationId}`, `explicit dialog ${conversationId}`),
    ),
  ]
}

/** What the file is, and what the check came to. */
export function overview(result: CheckResult, bytes: Uint8Array, { message, order }: Partial<Seen>, discretion: Discretion): Thing {
  const type = result.messageType === null ? undefined : messageType(result.messageType)
  const said = result.kind !== 'osci' ? undefined : type ? messageWords(type) : result.messageType === 'fault' ? fault : undefined
  const kind = KINDS[result.kind]
  return thing(words('Was es ist', 'What it is'), {
    says: [words(`${kind.de}.`, `${kind.en}.`), ...(said?.says ?? [])],
    facts: [
      fact('Größe', 'size', byteCount(bytes.byteLength)),
      ...(result.sha256 === '' ? [] : [fact('SHA-256', 'SHA-256', result.sha256)]),
      ...(said?.facts ?? []),
      ...dialogHere(type, order),
      ...(message ? partyFacts(message, discretion) : []),
      ...(result.messageId === null ? [] : [fact('MessageId', 'MessageId', result.messageId)]),
      ...findingFacts(result),
      ...result.feedback.map((code) => fact('Rückmeldung', 'feedback', feedbackWords(code))),
    ],
    place: { document: 'file', from: 0, to: bytes.byteLength },
  })
}

type Capture = NonNullable<Recognised['capture']>

const CAPTURES: Readonly<Record<Capture, readonly [title: Words, meaning: Words, reference: string]>> = {
  http: [
    words('HTTP-Kopf', 'HTTP head'),
    words(
      'Ein Mitschnitt hat den Kopf der HTTP-Anfrage oder -Antwort mit aufgehoben; er gehört nicht zur Nachricht.',
      'A capture kept the head of the HTTP request or answer; it is no part of the message.',
    ),
    'RFC9112 §2',
  ],
  mail: [
    words('Kopf der E-Mail', 'head of the mail'),
    words(
      'Die Nachricht liegt in einer E-Mail; deren Kopf gehört nicht zu ihr.',
      'The message lies in a mail; its head is no part of the message.',
    ),
    'RFC5322 §2.2',
  ],
  base64: [
    words('Base64', 'Base64'),
    words('Die ganze Nachricht steht in Base64 in der Datei.', 'The whole message stands in Base64 in the file.'),
    'RFC4648 §4',
  ],
}

/** What a recorder left; `body` where the message stands in the file as it is. */
export function captureThing(found: Recognised, body: BytePlace | undefined): Thing | undefined {
  if (found.capture === null) return undefined
  const [title, meaning, reference] = CAPTURES[found.capture]
  return thing(title, {
    meaning,
    reference,
    says: body
      ? []
      : [
          words(
            'Der Rumpf musste erst dekodiert werden; Bytes zählen ab hier darin.',
            'The body had to be decoded first; bytes count in it from here on.',
          ),
        ],
    // parameters may be the name of a file
    facts: found.contentType === undefined ? [] : [fact('Content-Type', 'Content-Type', (found.contentType.split(';')[0] ?? '').trim())],
    ...(body ? { place: { ...body, from: 0, to: body.from } } : {}),
  })
}
