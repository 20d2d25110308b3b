// SPDX-License-Identifier: EUPL-1.2
/**
 * The OSCI client for Node, ready to use: an address, own keys, the intermediary's certificates. Every exchange is a method, typed by its
 * row of the table.
 *
 * ```ts
 * const osci = await connectOsci({ url, keys: { cipher, signature }, intermediary: { cipherCertificate, signatureCertificates: [signs] } })
 * const { message } = await osci.getMessageId({})
 * const parts = await osci.content({ document: xml, addressee })
 * const { feedback } = await osci.storeDelivery({ messageId: message.order.messageId ?? '', subject: 'XMeld' }, parts)
 * if (!feedback.ok) console.error(feedback.entries)
 * await osci.dialog(async (dialog) => {
 *   const { cards } = await listMailbox(dialog)
 *   await fetchAll(dialog, (delivery) => save(delivery.messageId, delivery.answer.bytes), { messageIds: cards.map((c) => c.messageId) })
 * })
 * osci.close()
 * ```
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { GATEWAY_LIMITS, type Limits } from '../../env.js'
import { ProtektorError } from '../../errors.js'
import { layerAlgorithms, type LegacySwitches } from '../../osci/algorithms.js'
import { openContent } from '../../osci/content-read.js'
import type { OpenedContent } from '../../osci/content-types.js'
import { EXCHANGES, REQUEST_NAMES, type OrderOf, type RequestName } from '../../osci/messages.js'
import type { OsciMessage } from '../../osci/types.js'
import { readCertificate } from '../../pki/certificate.js'
import { keyRing, makeDecrypter, makeSigner } from '../../pki/keys.js'
import type { KeyPair } from '../../pki/keystore.js'
import { pinnedTrust } from '../../pki/pinned.js'
import { systemClock, systemRandom } from '../transport.js'
import { oscCaller } from './caller.js'
import { deliveryParts, type DeliveryContent } from './content.js'
import type { OsciAnswer, OsciCaller, OsciDialog, OsciHttp, OsciIdentity, OsciPeer, OsciRequestParts } from './ports.js'
import { osciHttp } from './transport.js'

/** A key with its certificate: as it is, as PKCS#12 (with exactly one key), or as PEM. */
export type OwnKey =
  | Pick<KeyPair, 'certificate' | 'privateKey'>
  | { readonly pkcs12: Uint8Array; readonly pin: string }
  | { readonly keyPem: string; readonly certificatePem: string; readonly pin?: string }

/** As it is, as DER, or as PEM. */
export type CertificateInput = X509Certificate | Uint8Array | string

export interface ConnectOsciOptions extends Omit<OsciPeer, 'cipherCertificate' | 'recognises'> {
  readonly keys: {
    /** Opens answers, and is our identity: mailbox and process cards belong to it. RSA. */
    readonly cipher: OwnKey
    /** Signs requests and content. Without it nothing is signed. */
    readonly signature?: OwnKey
    /** Further keys that open content. */
    readonly readers?: readonly OwnKey[]
  }
  readonly intermediary: {
    /** Encrypts requests for it; absent: in clear. */
    readonly cipherCertificate?: CertificateInput
    /** Whose signature counts, whole certificates. */
    readonly signatureCertificates: readonly CertificateInput[]
  }
  /** Instead of `signatureCertificates`, e.g. a path to a root. */
  readonly recognises?: OsciPeer['recognises']
  readonly limits?: Limits
  /** Old ways of content encryption that are read. */
  readonly legacy?: LegacySwitches
  /** Another way to the peer; it is not closed by `close`. */
  readonly http?: OsciHttp
}

type Table = typeof EXCHANGES
type NamesIn<D extends string> = {
  [N in RequestName]: Table[N]['asks'] extends 'client' ? (Table[N]['dialog'] extends D ? N : never) : never
}[RequestName]

/** One exchange. @throws {OsciCallError} */
export type OsciCall<N extends RequestName> = (order: OrderOf<N>, parts?: OsciRequestParts, signal?: AbortSignal) => Promise<OsciAnswer<N>>

/** Every exchange that needs no explicit dialog. */
export type ImplicitCalls = { readonly [N in NamesIn<'either'>]: OsciCall<N> }

/** Every exchange of an explicit dialog. */
export type DialogCalls = {
  readonly [N in NamesIn<'either' | 'explicit'>]: (order: OrderOf<N>, parts?: OsciRequestParts) => Promise<OsciAnswer<N>>
}

export type TypedDialog = OsciDialog & DialogCalls

export interface OsciConnection extends ImplicitCalls {
  readonly identity: OsciIdentity
  readonly peer: OsciPeer
  readonly caller: OsciCaller
  /** One container, signed and encrypted: what a delivery carries. */
  content(content: DeliveryContent): ReturnType<typeof deliveryParts>
  /** Content of a fetched delivery or of a reply, as far as our keys reach. Look at `problems`. */
  openContent(message: OsciMessage): Promise<OpenedContent>
  /**
   * Opens a dialog, works in it, closes it. When the work throws while a delivery is not yet acknowledged, the dialog is left silent
   * instead, and the delivery stays where it is.
   */
  dialog<T>(work: (dialog: TypedDialog) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** A dialog that the caller closes. */
  openDialog(signal?: AbortSignal): Promise<TypedDialog>
  close(): void
}

/** @throws {ProtektorError} keystore.*, certificates.*: a key or a certificate cannot be used. */
export async function connectOsci(options: ConnectOsciOptions): Promise<OsciConnection> {
  const { keys, intermediary, recognises, limits, legacy, http: given, ...wishes } = options
  const own = await keyOf(keys.cipher)
  const signer = keys.signature === undefined ? undefined : await keyOf(keys.signature)
  const pairs = [own, ...(await Promise.all((keys.readers ?? []).map(keyOf)))]
  const identity: OsciIdentity = {
    env: {
      ...systemClock,
      random: systemRandom,
      keys: keyRing(await Promise.all(pairs.map((pair) => makeDecrypter(pair.certificate, pair.privateKey)))),
      trust: pinnedTrust([]),
      limits: limits ?? GATEWAY_LIMITS,
      algorithms: layerAlgorithms(legacy),
    },
    cipher: own.certificate,
    ...(signer ? { signer: makeSigner(signer.certificate, signer.privateKey) } : {}),
    role: 'originator',
  }
  const signatures = await Promise.all(intermediary.signatureCertificates.map(certificateOf))
  const pinned = new Set(signatures.map((one) => one.raw.toString('latin1')))
  const peer: OsciPeer = {
    ...wishes,
    ...(intermediary.cipherCertificate === undefined ? {} : { cipherCertificate: await certificateOf(intermediary.cipherCertificate) }),
    recognises: recognises ?? (async (certificate) => Promise.resolve(pinned.has(certificate.raw.toString('latin1')))),
  }
  const connections = osciHttp()
  const caller = oscCaller(given ?? connections)
  const openDialog = async (signal?: AbortSignal): Promise<TypedDialog> => typedDialog(await caller.openDialog(identity, peer, signal))
  return {
    ...callsOf<ImplicitCalls>(['either'], (name, order, parts, signal) => caller.call(name, order, parts, identity, peer, signal)),
    identity,
    peer,
    caller,
    content: (content) => deliveryParts(content, identity, peer),
    openContent: (message) => openContent(message, identity.env),
    openDialog,
    async dialog(work, signal) {
      return workIn(await caller.openDialog(identity, peer, signal), work)
    },
    close: () => connections.close(),
  }
}

type AnyCall = (name: RequestName, order: never, parts: OsciRequestParts, signal?: AbortSignal) => Promise<unknown>

/** Methods named by the table. */
function callsOf<Calls>(dialogs: readonly string[], call: AnyCall): Calls {
  const names = REQUEST_NAMES.filter((name) => EXCHANGES[name].asks === 'client' && dialogs.includes(EXCHANGES[name].dialog))
  return Object.fromEntries(
    names.map((name) => [name, (order: never, parts: OsciRequestParts = {}, signal?: AbortSignal) => call(name, order, parts, signal)]),
  ) as Calls
}

function typedDialog(dialog: OsciDialog): TypedDialog {
  return {
    ...callsOf<DialogCalls>(['either', 'explicit'], (name, order, parts) => dialog.send(name, order, parts)),
    conversationId: dialog.conversationId,
    get dead() {
      return dialog.dead
    },
    features: dialog.features,
    send: (type, order, parts) => dialog.send(type, order, parts),
    close: () => dialog.close(),
    abandon: () => dialog.abandon(),
  }
}

async function workIn<T>(dialog: OsciDialog, work: (dialog: TypedDialog) => Promise<T>): Promise<T> {
  let unacknowledged = false
  const watched: OsciDialog = {
    conversationId: dialog.conversationId,
    get dead() {
      return dialog.dead
    },
    features: dialog.features,
    async send(type, order, parts) {
      const answer = await dialog.send(type, order, parts)
      unacknowledged = answer.message.content !== undefined
      return answer
    },
    close: () => dialog.close(),
    abandon: () => dialog.abandon(),
  }
  try {
    return await work(typedDialog(watched))
  } catch (error) {
    if (unacknowledged) dialog.abandon()
    throw error
  } finally {
    await dialog.close()
  }
}

/** Loaded for those who have keys in files only: it brings ciphers of its own. */
const keystore = () => import('../../pki/keystore.js')

async function keyOf(key: OwnKey): Promise<Pick<KeyPair, 'certificate' | 'privateKey'>> {
  if ('privateKey' in key) return key
  const { readPem, readPkcs12 } = await keystore()
  if ('keyPem' in key) return readPem(key.keyPem, key.certificatePem, key.pin)
  const [pair, second] = readPkcs12(key.pkcs12, key.pin)
  if (!pair || second) throw new ProtektorError('client.key', 'A PKCS#12 store must hold exactly one key.')
  return pair
}

async function certificateOf(input: CertificateInput): Promise<X509Certificate> {
  if (input instanceof X509Certificate) return input
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1')
  if (!text.includes('-----BEGIN ')) return readCertificate(Buffer.from(text, 'latin1'))
  const [certificate, second] = (await keystore()).readPemCertificates(text)
  if (!certificate || second) throw new ProtektorError('client.certificate', 'One certificate is wanted, and there is none, or more.')
  return certificate
}
