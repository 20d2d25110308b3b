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
export type { Answer, Reason, Received } from './received.js'
export { TransportError } from './ports.js'
export type { EnvelopeOutcome, OutgoingEnvelope, TakenEnvelope, Transport } from './ports.js'
export { httpTransport } from './transport.js'
export { generateEnvelopeKey, publicJwkOf, sealingKeyOf, trustedSenders } from '../envelope/keys.js'
export type { KeyOwner, SenderLookup } from '../envelope/keys.js'
export type { EnvelopeContent, EnvelopePart, OpenedEnvelope } from '../envelope/types.js'
