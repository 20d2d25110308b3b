// SPDX-License-Identifier: EUPL-1.2
/**
 * A client that keeps no rule of the protocol: every part of a request may be bent, its bytes may be kept, and what comes back is told
 * without being judged.
 * @module
 */
import { randomBytes, type X509Certificate } from 'node:crypto'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import type { OsciPeer, OsciRequestParts } from '../../../src/client/osci/ports.js'
import { sealingFor } from '../../../src/client/osci/suite.js'
import { boundsOf } from '../../../src/osci/codec.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { certificateSets, messageType, type CertificateRole, type MessageName } from '../../../src/osci/messages.js'
import { openAnswer, osci } from '../../../src/osci/stages.js'
import type { CertificateEntry, ControlBlock, OsciMessage, Sealing, TimestampWish } from '../../../src/osci/types.js'

export interface Bend {
  readonly order?: object
  readonly parts?: OsciRequestParts
  /** Fields that differ; undefined removes one. */
  readonly control?: { readonly [K in keyof ControlBlock]?: ControlBlock[K] | undefined }
  readonly peer?: Partial<OsciPeer>
  readonly sealing?: (sealing: Sealing) => Sealing
  /** Our own certificates that are left out of the header. */
  readonly without?: readonly CertificateRole[]
  readonly message?: (message: OsciMessage) => OsciMessage
  /** Another endpoint. */
  readonly url?: string
}

export interface Told {
  readonly kind: 'fault' | 'answer' | 'http'
  readonly status: number
  /** Class 9 and 3 and 0, in order; one for a fault. */
  readonly codes: readonly string[]
  readonly texts: readonly string[]
  readonly bytes: Uint8Array
  readonly message?: OsciMessage
}

export interface Place {
  readonly conversationId: string
  sequenceNumber: number
  challenge: string
}

const PLAIN: readonly TimestampWish[] = [
  { service: 'creation', quality: 'plain' },
  { service: 'reception', quality: 'plain' },
]
const OWN: readonly CertificateRole[] = [
  'CipherCertificateIntermediary',
  'SignatureCertificateIntermediary',
  'CipherCertificateOriginator',
  'SignatureCertificateOriginator',
  'SignatureCertificateAddressee',
]

/** The bytes of any of the 24 messages. */
export async function build(from: OsciConnection, name: MessageName, place: Place | undefined, bend: Bend = {}): Promise<Uint8Array> {
  const row = messageType(name)
  if (!row) throw new TypeError(name)
  const { identity } = from
  const peer = { ...from.peer, ...bend.peer }
  const first = sealingFor(identity, peer)
  const sealing = bend.sealing ? bend.sealing(first) : first
  const challenge = randomBytes(16).toString('base64')
  const all = { response: place?.challenge, challenge, conversationId: place?.conversationId, sequenceNumber: place?.sequenceNumber ?? 0 }
  const marks = row.control
  const fields = (['response', 'challenge', 'conversationId', 'sequenceNumber'] as const).filter((_, at) => marks[at] !== '-')
  const control = { ...Object.fromEntries(fields.map((field) => [field, all[field]])), ...bend.control }
  const sets = certificateSets(row)
  const given = bend.parts?.certificates ?? []
  const ownIn = (cards: Readonly<Partial<Record<CertificateRole, unknown>>>): CertificateEntry[] =>
    OWN.filter((role) => cards[role] !== undefined && !bend.without?.includes(role) && !given.some((entry) => entry.role === role)).flatMap(
      (role) => {
        if (role.startsWith('Cipher')) return [certificateEntry(role, identity.cipher)]
        return sealing.sign ? [certificateEntry(role, sealing.sign.signer.certificate)] : []
      },
    )
  const messageId = bend.order && 'messageId' in bend.order
  const wishes = row.timestamps === undefined ? [] : (bend.parts?.timestamps ?? PLAIN.slice(0, boundsOf(row.timestamps)[messageId ? 1 : 0]))
  const intermediaryCertificates = row.intermediary === undefined ? [] : ownIn(sets.intermediary)
  const certificates = row.nonIntermediary === undefined ? [] : [...ownIn(sets.others), ...given]
  const message = {
    type: name,
    control: Object.fromEntries(Object.entries(control).filter(([, value]) => value !== undefined)),
    languages: bend.parts?.languages ?? ['de'],
    ...(wishes.length > 0 ? { timestamps: wishes } : {}),
    order: bend.order ?? {},
    ...(intermediaryCertificates.length > 0 ? { intermediaryCertificates } : {}),
    ...(certificates.length > 0 ? { certificates } : {}),
    custom: bend.parts?.custom ?? [],
    ...(bend.parts?.content ? { content: bend.parts.content } : {}),
    attachments: bend.parts?.attachments ?? [],
    evidence: {},
    remarks: [],
  } as unknown as OsciMessage
  return osci.seal(bend.message?.(message) ?? message, { ...identity.env, sealing })
}

export async function post(url: string, bytes: Uint8Array): Promise<{ status: number; bytes: Uint8Array }> {
  const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: Buffer.from(bytes) })
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
}

type Entries = { readonly entries: readonly { readonly code: string; readonly text: string }[] }

/** What came back, opened with the client's keys; signatures in it hold. */
export async function tell(from: OsciConnection, { status, bytes }: { status: number; bytes: Uint8Array }): Promise<Told> {
  if (status >= 400 && !Buffer.from(bytes).includes('soap')) return { kind: 'http', status, codes: [], texts: [], bytes }
  const opened = await openAnswer(bytes, from.identity.env)
  if (opened.type === 'fault') return { kind: 'fault', status, codes: [opened.osciCode ?? ''], texts: [opened.text], bytes }
  const { feedback } = opened.order as unknown as { readonly feedback: Entries }
  return {
    kind: 'answer',
    status,
    codes: feedback.entries.map(({ code }) => code),
    texts: feedback.entries.map(({ text }) => text),
    bytes,
    message: opened,
  }
}

/** One request, alone. */
export async function ask(from: OsciConnection, name: MessageName, bend: Bend = {}): Promise<Told> {
  return tell(from, await post(bend.url ?? from.peer.url, await build(from, name, undefined, bend)))
}

export class RawDialog {
  readonly place: Place
  readonly #from: OsciConnection
  private constructor(from: OsciConnection, place: Place) {
    this.#from = from
    this.place = place
  }

  static async open(from: OsciConnection, bend: Bend = {}): Promise<RawDialog> {
    const told = await ask(from, 'initDialog', bend)
    const { conversationId, challenge } = told.message?.control ?? {}
    if (conversationId === undefined || challenge === undefined) throw new Error(`no dialog: ${told.codes.join(', ')}`)
    return new RawDialog(from, { conversationId, challenge, sequenceNumber: 0 })
  }

  /** Sends without going on: the place in the dialog stays. */
  async probe(name: MessageName, bend: Bend = {}): Promise<Told> {
    return tell(this.#from, await post(bend.url ?? this.#from.peer.url, await build(this.#from, name, this.place, bend)))
  }

  /** Goes on where the answer is no fault. */
  async ask(name: MessageName, bend: Bend = {}): Promise<Told> {
    const told = await this.probe(name, bend)
    if (told.kind === 'answer') {
      this.place.sequenceNumber += 1
      this.place.challenge = told.message?.control.challenge ?? ''
    }
    return told
  }
}

/** The codes of class 9; what an answer is judged by. */
export const errorsOf = ({ codes }: Pick<Told, 'codes'>): string[] => codes.filter((code) => code.startsWith('9'))

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Order and parts of a delivery to an addressee. */
export async function delivery(
  from: OsciConnection,
  addressee: KeyCertificate,
  messageId: string | undefined,
  text = 'secret',
): Promise<Bend> {
  const parts = await from.content({ document: encode(text), addressee: addressee.cipher.certificate })
  return { order: { ...(messageId === undefined ? {} : { messageId }), subject: 'threat' }, parts }
}

interface KeyCertificate {
  readonly cipher: { readonly certificate: X509Certificate }
}

export async function issueId(from: OsciConnection): Promise<string> {
  const { message } = await from.getMessageId({})
  return message.order.messageId ?? ''
}

/** Stores, and says under which id. */
export async function store(from: OsciConnection, addressee: KeyCertificate, text = 'secret'): Promise<string> {
  const messageId = await issueId(from)
  const { feedback } = await from.storeDelivery(
    { messageId, subject: 'threat' },
    await from.content({ document: encode(text), addressee: addressee.cipher.certificate }),
  )
  if (!feedback.ok) throw new Error(`not stored: ${feedback.errors.join(', ')}`)
  return messageId
}

/** The id of what was fetched. */
export const fetchedId = ({ message }: Told): string | undefined =>
  (message?.order as { readonly processCardBundle?: { readonly messageId: string } } | undefined)?.processCardBundle?.messageId
