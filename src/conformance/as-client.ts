// SPDX-License-Identifier: EUPL-1.2
/**
 * We play the client of somebody's intermediary: right requests of every kind, with what each needs beforehand.
 *
 *   getMessageId ─► spare id (used by the next delivery that is taken)
 *   storeDelivery into our own mailbox ─► something to fetch, and a card
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { chunkContent, chunkCount, chunkKilobytes, kilobytesOf, readChunk, sourceOf } from '../client/osci/chunks.js'
import { packDelivery } from '../client/osci/chunk-store.js'
import { deliveryParts, type DeliveryParts } from '../client/osci/content.js'
import type { RequestName } from '../osci/messages.js'
import { NotToBeHad, type Asker } from './clauses.js'
import type { Check } from './arrivals.js'
import { Driver, type Asking, type Station, type Told } from './driver.js'
import type { Profile } from './profile.js'

/** A partial download asks for chunks that are larger than what we store: the whole may come at once. */
const LARGE_KILOBYTES = 1000
const DOCUMENT_BYTES = 40_000

export interface ClientNeeds {
  readonly station: Station
  readonly profile: Profile
  readonly check: Check
  /** Cipher certificate of `profile.receiver`. */
  readonly receiver?: X509Certificate
}

export interface Upload {
  readonly messageId: string
  readonly bytes: Uint8Array
  readonly parts: DeliveryParts
  readonly kilobytes: number
  readonly total: number
}

export const accepted = (told: Told | undefined): boolean =>
  told?.kind === 'answer' && told.tokens.every((code) => code.startsWith('0') || code.startsWith('3'))

const orderOf = <T>(told: Told | undefined): T => (told?.answer?.order ?? {}) as T

export class ClientRole implements Asker {
  readonly driver: Driver
  readonly profile: Profile
  readonly check: ClientNeeds['check']
  readonly #receiver: X509Certificate | undefined
  #spare: string | undefined
  #document = 0

  constructor({ station, profile, check, receiver }: ClientNeeds) {
    this.driver = new Driver(station)
    this.profile = profile
    this.check = check
    this.#receiver = receiver
  }

  spent(told: Told): void {
    // an upload that was begun may hold its id whatever became of the chunk
    if (accepted(told) || told.request.type === 'partialStoreDelivery') this.#spare = undefined
  }

  async asking(name: RequestName, purpose: 'right' | 'bent'): Promise<Asking> {
    const make = this.#makers[name]
    return make === undefined ? { order: {} } : make(purpose)
  }

  readonly #makers: Readonly<Partial<Record<RequestName, (purpose: 'right' | 'bent') => Promise<Asking>>>> = {
    storeDelivery: async (purpose) => this.#delivery(purpose, {}),
    forwardDelivery: async (purpose) => this.#delivery(purpose, { contentReceiver: this.#uri() }, this.#receiver),
    mediateDelivery: async (purpose) => this.#delivery(purpose, { contentReceiver: this.#uri() }, this.#receiver),
    fetchDelivery: async (purpose) => {
      if (purpose === 'bent') return { order: {} }
      return { order: { selectionRule: { messageId: await this.store() } } }
    },
    fetchProcessCard: async (purpose) => {
      if (purpose === 'bent') return { order: {} }
      return { order: { selectionRule: { messageIds: [await this.store()] } } }
    },
    partialStoreDelivery: async (purpose) => {
      const upload = await this.upload()
      if (purpose === 'right') this.#spare = undefined
      return this.chunk(upload, 1)
    },
    partialFetchDelivery: async (purpose) => {
      const rule = purpose === 'bent' ? {} : { selectionRule: { messageId: await this.store() } }
      const chunkSizeKilobytes = chunkKilobytes(LARGE_KILOBYTES, this.driver.features)
      return { order: { ...rule, chunkInformation: { chunkNumber: 1, chunkSizeKilobytes, receivedChunks: [] } } }
    },
  }

  #uri(): { readonly uri: string } {
    return { uri: this.profile.receiver?.uri ?? 'http://127.0.0.1:9/nobody' }
  }

  async #delivery(purpose: 'right' | 'bent', more: object, addressee?: X509Certificate): Promise<Asking> {
    const parts = await this.parts(addressee)
    const messageId = await this.messageId()
    if (purpose === 'right') this.#spare = undefined
    return { order: { messageId, subject: 'Protektor Konformität', ...more }, parts }
  }

  /** A document of our own for a mailbox, our own by default. */
  parts(addressee?: X509Certificate): Promise<DeliveryParts> {
    const { identity, peer } = this.driver.station
    const document = new TextEncoder().encode(`Protektor Konformität ${++this.#document}`)
    return deliveryParts({ document, addressee: addressee ?? identity.cipher }, identity, peer)
  }

  /** An id that was issued and not used. @throws {NotToBeHad} */
  async messageId(): Promise<string> {
    if (this.#spare !== undefined) return this.#spare
    const told = await this.driver.ask('getMessageId', { order: {} }, { inDialog: !this.profile.implicitDialogs })
    const { messageId } = orderOf<{ readonly messageId?: string }>(told)
    if (!accepted(told) || messageId === undefined)
      throw new NotToBeHad('Es war keine MessageId zu bekommen.', 'No MessageId was to be had.')
    return (this.#spare = messageId)
  }

  /** Stores something for ourselves; its id. @throws {NotToBeHad} */
  async store(): Promise<string> {
    const asking = await this.#delivery('right', {})
    const told = await this.driver.ask('storeDelivery', asking, { inDialog: !this.profile.implicitDialogs })
    if (!accepted(told)) {
      const codes = told?.tokens.join(', ') ?? '–'
      throw new NotToBeHad(`Es war nichts abzulegen (${codes}).`, `Nothing could be stored (${codes}).`)
    }
    return (asking.order as { readonly messageId: string }).messageId
  }

  /** A delivery for ourselves as the whole of an upload in several chunks. */
  async upload(): Promise<Upload> {
    const { identity, peer } = this.driver.station
    const messageId = await this.messageId()
    const document = identity.env.random(DOCUMENT_BYTES)
    const parts = await deliveryParts({ document, addressee: identity.cipher }, identity, peer)
    const bytes = await packDelivery({ messageId }, parts, identity, peer)
    const wished = Math.min(this.profile.chunkKilobytes, Math.ceil(bytes.byteLength / 2048))
    const kilobytes = chunkKilobytes(wished, this.driver.features, bytes.byteLength)
    return { messageId, bytes, parts, kilobytes, total: chunkCount(bytes.byteLength, kilobytes) }
  }

  async chunk({ messageId, bytes, parts, kilobytes, total }: Upload, number: number): Promise<Asking> {
    const content = await chunkContent(await readChunk(sourceOf(bytes), number, kilobytes), this.driver.station.identity.env)
    const chunkInformation = {
      chunkNumber: number,
      chunkSizeKilobytes: kilobytes,
      totalChunkNumbers: total,
      totalMessageSizeKilobytes: kilobytesOf(bytes.byteLength),
    }
    return { order: { messageId: `${messageId}_Partial`, chunkInformation }, parts: { ...content, certificates: parts.certificates } }
  }
}
