// SPDX-License-Identifier: EUPL-1.2
/**
 * The other end of the OSCI client, in this process: an intermediary (or passive recipient) made of our own stages, with real keys. It
 * keeps the rules of dialogs itself, remembers what it saw, and its next answer can be bent in one place.
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { OsciHttp, OsciIdentity, OsciPeer } from '../../../src/client/osci/ports.js'
import { boundsOf } from '../../../src/osci/codec.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { sealContent } from '../../../src/osci/content-write.js'
import { sealFault } from '../../../src/osci/fault.js'
import { certificateSets, messageType, responseTo, type MessageName, type RequestName } from '../../../src/osci/messages.js'
import { osci } from '../../../src/osci/stages.js'
import type { CertificateEntry, Fault, OsciEnv, OsciMessage, Sealing } from '../../../src/osci/types.js'
import { readCertificate } from '../../../src/pki/certificate.js'
import { AES256_GCM, OAEP_SHA256, RSA_PSS_SHA256, SHA256, envWith, party, type Party } from '../../osci/env.js'

export interface Ends {
  readonly clientCipher: Party
  readonly clientSigner: Party
  readonly peerCipher: Party
  readonly peerSigner: Party
  readonly addressee: Party
  readonly stranger: Party
}

let made: Promise<Ends> | undefined

export function ends(): Promise<Ends> {
  made ??= Promise.all(
    ['originator-cipher', 'originator-sign', 'intermed-cipher', 'intermed-sign', 'addressee-cipher', 'author-sign'].map(party),
  ).then(([clientCipher, clientSigner, peerCipher, peerSigner, addressee, stranger]) => {
    if (!clientCipher || !clientSigner || !peerCipher || !peerSigner || !addressee || !stranger) throw new Error('a party is missing')
    return { clientCipher, clientSigner, peerCipher, peerSigner, addressee, stranger }
  })
  return made
}

export const URL_OF_PEER = 'http://peer.invalid/osci'

export async function clientIdentity(role: OsciIdentity['role'] = 'originator'): Promise<OsciIdentity> {
  const { clientCipher, clientSigner } = await ends()
  return { env: envWith(clientCipher.decrypter), cipher: clientCipher.certificate, signer: clientSigner.signer, role }
}

export async function strictPeer(over: Partial<OsciPeer> = {}): Promise<OsciPeer> {
  const { peerCipher, peerSigner } = await ends()
  return {
    url: URL_OF_PEER,
    cipherCertificate: peerCipher.certificate,
    recognises: async (certificate) => Promise.resolve(certificate.raw.equals(peerSigner.certificate.raw)),
    ...over,
  }
}

export interface HttpReply {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

/** How one answer differs from a good one. */
export interface Bend {
  /** The response before it is sealed. */
  readonly message?: (answer: OsciMessage) => OsciMessage
  readonly sealing?: (sealing: Sealing) => Sealing
  /** The finished reply, or what is thrown instead. */
  readonly reply?: (reply: HttpReply) => HttpReply | Promise<HttpReply>
  /** Instead of an answer. */
  readonly fault?: Fault
}

interface Dialog {
  next: number
  challenge: string
  readonly cipher: CertificateEntry | undefined
}

/** Orders that a response needs to be a good one. */
const entries = (...codes: readonly string[]) => ({ entries: codes.map((code) => ({ code, text: code, lang: 'de' })) })
const STAMP = { plain: '2026-11-24T09:00:00Z' }
export const bundle = (messageId: string, stamps: object = {}) => ({
  messageId,
  processCard: { recentModification: '2026-11-24T09:00:00Z', creation: STAMP, ...stamps },
  inspectionReport: { inspections: [] },
})
const FULL = { forwarding: STAMP, reception: STAMP }

type Orders = Readonly<Record<RequestName, (request: OsciMessage) => object>>
const ORDERS: Orders = {
  getMessageId: () => ({ messageId: 'id-1' }),
  initDialog: () => ({}),
  exitDialog: () => ({}),
  storeDelivery: () => ({ processCardBundle: bundle('id-1') }),
  fetchDelivery: () => ({ fetchDelivery: {}, processCardBundle: bundle('id-1', { forwarding: STAMP }) }),
  fetchProcessCard: () => ({ fetchProcessCard: {}, processCardBundles: [bundle('id-1')] }),
  forwardDelivery: () => ({ processCardBundle: bundle('id-1', FULL) }),
  acceptDelivery: () => ({}),
  mediateDelivery: () => ({
    requestProcessCardBundle: bundle('id-1', FULL),
    replyProcessCardBundle: bundle('id-2', { forwarding: STAMP }),
  }),
  processDelivery: () => ({}),
  partialStoreDelivery: () => ({ chunkInformation: { chunkNumber: 1, receivedChunks: [1], totalChunkNumbers: 2 } }),
  partialFetchDelivery: () => ({
    fetchDelivery: {},
    chunkInformation: { chunkNumber: 1, totalChunkNumbers: 1, totalMessageSizeKilobytes: 1 },
    messageId: 'id-1',
  }),
}

export class FakePeer implements OsciHttp {
  /** Every request, opened. */
  readonly seen: OsciMessage[] = []
  /** Every reply given. */
  readonly given: HttpReply[] = []
  /** Options of every call. */
  readonly calls: { readonly url: string; readonly timeoutMs: number; readonly maxBytes: number }[] = []
  /** For the next request of this name, once. */
  readonly bends = new Map<RequestName, Bend>()
  /** Requests of this name are answered so, always; `feedback` codes in place of the good one. */
  readonly orders = new Map<RequestName, (request: OsciMessage) => object>()
  readonly features: OsciMessage['features']
  readonly #ends: Ends
  readonly #env: OsciEnv
  readonly #dialogs = new Map<string, Dialog>()

  constructor(who: Ends, features?: OsciMessage['features']) {
    this.#ends = who
    this.#env = envWith(who.peerCipher.decrypter)
    this.features = features
  }

  get names(): readonly MessageName[] {
    return this.seen.map((message) => message.type)
  }

  async post(url: string, body: Uint8Array, options: Parameters<OsciHttp['post']>[2]): Promise<HttpReply> {
    this.calls.push({ url, timeoutMs: options.timeoutMs, maxBytes: options.maxBytes })
    const request = await osci.open(body, this.#env)
    this.seen.push(request)
    const name = request.type as RequestName
    const bend = this.bends.get(name) ?? {}
    this.bends.delete(name)
    const sealed = await this.#answer(request, name, bend)
    const reply = { status: 200, contentType: 'text/xml; charset=UTF-8', body: sealed }
    const final = (await bend.reply?.(reply)) ?? reply
    this.given.push(final)
    return final
  }

  async #answer(request: OsciMessage, name: RequestName, bend: Bend): Promise<Uint8Array> {
    if (bend.fault) return sealFault(bend.fault)
    const position = this.#enter(request, name)
    if (position === undefined) return sealFault({ type: 'fault', side: 'Client', text: 'wrong control block', osciCode: '9400' })
    const { dialog, conversationId } = position
    const type = messageType(responseTo(name))
    if (!type) throw new Error(name)
    const good = request.control.conversationId === undefined ? name !== 'initDialog' : name === 'exitDialog'
    const feedback = entries(good ? '0800' : '0801')
    const order = { feedback, ...ORDERS[name](request), ...this.orders.get(name)?.(request) }
    const [least] = boundsOf(type.content ?? '0')
    const built = {
      type: type.name,
      control: {
        response: request.control.challenge,
        ...(type.control[1] === '-' ? {} : { challenge: dialog.challenge }),
        ...(type.control[2] === '-' ? {} : { conversationId }),
        ...(type.control[3] === '-' ? {} : { sequenceNumber: request.control.sequenceNumber }),
      },
      order,
      ...this.#certificates(type),
      ...(this.features ? { features: this.features } : {}),
      custom: [],
      ...(least > 0 ? await sealContent([], this.#env) : {}),
      attachments: [],
      evidence: {},
      remarks: [],
    } as unknown as OsciMessage
    const message = bend.message?.(built) ?? built
    const sealing = this.#sealing(request, dialog)
    const bent = { ...message, ...this.#certificates(messageType(message.type) ?? type, bend.sealing?.(sealing) ?? sealing) }
    return osci.seal(bent, { ...this.#env, sealing: bend.sealing?.(sealing) ?? sealing })
  }

  /** The rules of an explicit dialog, strictly. */
  #enter(request: OsciMessage, name: RequestName): { dialog: Dialog; conversationId: string } | undefined {
    const { conversationId, response, sequenceNumber } = request.control
    const fresh = { next: 0, challenge: `c-${randomBytes(6).toString('hex')}`, cipher: this.#cipherOf(request) }
    if (conversationId === undefined) {
      const id = String(1000 + this.#dialogs.size)
      if (name === 'initDialog') this.#dialogs.set(id, fresh)
      return { dialog: fresh, conversationId: id }
    }
    const dialog = this.#dialogs.get(conversationId)
    if (!dialog || dialog.challenge !== response || dialog.next !== sequenceNumber) return undefined
    dialog.next += 1
    dialog.challenge = fresh.challenge
    if (name === 'exitDialog') this.#dialogs.delete(conversationId)
    return { dialog, conversationId }
  }

  #cipherOf(request: OsciMessage): CertificateEntry | undefined {
    const all = [...(request.certificates ?? []), ...(request.intermediaryCertificates ?? [])]
    return all.find((e) => e.role === 'CipherCertificateOriginator' || e.role === 'CipherCertificateIntermediary')
  }

  #sealing(request: OsciMessage, dialog: Dialog): Sealing {
    const forWhom = this.#cipherOf(request) ?? dialog.cipher
    return {
      sign: { signer: this.#ends.peerSigner.signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 },
      ...(request.evidence.transport && forWhom
        ? { encryptFor: { certificate: readCertificate(forWhom.der), cipher: AES256_GCM, keyTransport: OAEP_SHA256, ivBytes: 12 } }
        : {}),
    }
  }

  #certificates(type: NonNullable<ReturnType<typeof messageType>>, sealing?: Sealing): Partial<OsciMessage> {
    const signer = sealing ? sealing.sign?.signer.certificate : this.#ends.peerSigner.certificate
    if (!signer) return {}
    const own = [certificateEntry(type.signer, signer)]
    return certificateSets(type).intermediary[type.signer as never] === undefined
      ? { certificates: own }
      : { intermediaryCertificates: own }
  }
}

export const feedbackOf = (...codes: readonly string[]) => ({ feedback: entries(...codes) })
export const insideOf = (...codes: readonly string[]) => ({ insideFeedback: entries(...codes) })
