// SPDX-License-Identifier: EUPL-1.2
/**
 * `protektor/client`: what a Fachverfahren or an online service needs.
 * @module
 */
export { connect } from './connect.js'
export type { ConnectOptions } from './connect.js'
export { createClient } from './client.js'
export type { Client, SendRequest } from './client.js'
export type { ClientOptions, Outgoing, TakeOptions } from './sending.js'
export type { AskEvent, AskRequest } from './ask.js'
export { mayHaveBeenProcessed } from './fate.js'
export type { Answer, Answering, Reason, Received, ReplyAddress } from './received.js'
export { TransportError } from './ports.js'
export { EnvelopeError } from '../envelope/errors.js'
export { ProtektorError } from '../errors.js'
export type { EnvelopeOutcome, OutgoingEnvelope, TakenEnvelope, TakeWish, Transport } from './ports.js'
export { httpTransport } from './transport.js'
export { generateEnvelopeKey, publicJwkOf, sealingKeyOf, trustedSenders } from '../envelope/keys.js'
export type { KeyOwner, SenderLookup } from '../envelope/keys.js'
export type { EnvelopeContent, EnvelopePart, OpenedEnvelope } from '../envelope/types.js'

export { connectOsci } from './osci/connect.js'
export type {
  CertificateInput,
  ConnectOsciOptions,
  DialogCalls,
  ImplicitCalls,
  OsciCall,
  OsciConnection,
  OwnKey,
  TypedDialog,
} from './osci/connect.js'
export { oscCaller } from './osci/caller.js'
export { osciHttp } from './osci/transport.js'
export type { OsciHttpConnections, OsciHttpOptions } from './osci/transport.js'
export { OsciCallError } from './osci/ports.js'
export type {
  CallStage,
  Feedback,
  OsciAnswer,
  OsciCaller,
  OsciDialog,
  OsciHttp,
  OsciIdentity,
  OsciPeer,
  OsciRequestParts,
} from './osci/ports.js'
export { cardOf, fetchAll, listMailbox } from './osci/deliveries.js'
export type { Drained, FetchedDelivery, FetchOptions, MailboxList } from './osci/deliveries.js'
export { packDelivery, storeInChunks } from './osci/chunk-store.js'
export type { ChunkedUpload, Uploaded, UploadOptions } from './osci/chunk-store.js'
export { fetchInChunks, openPackage } from './osci/chunk-fetch.js'
export type { Downloaded, DownloadOptions } from './osci/chunk-fetch.js'
export { sourceOf } from './osci/chunks.js'
export type { ChunkSource } from './osci/chunks.js'
export { deliveryParts } from './osci/content.js'
export type { DeliveryContent, DeliveryParts } from './osci/content.js'
export { itemsOf } from '../osci/content-types.js'
