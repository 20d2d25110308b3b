// SPDX-License-Identifier: EUPL-1.2
/**
 * The public names of the package, nothing else. The participant's side is `protektor/client`.
 * @module
 */
export * from './errors.js'
export type { Clock, Decrypter, Env, KeyRing, KeyTransport, Limits, Signer, TrustStore, TrustVerdict } from './env.js'
export { CHECK_LIMITS, GATEWAY_LIMITS } from './env.js'
export type { Part, Parts } from './mime/parts.js'
export type {
  EnvelopeContent,
  EnvelopeHeader,
  EnvelopeKind,
  EnvelopePart,
  OpenedEnvelope,
  OsciEvidence,
  XoevFacts,
} from './envelope/types.js'
export type { Claim, Core, MailboxAddress, MailboxPolicy, Outcome, OutcomeRecord, StoredEnvelope } from './core/ports.js'
export type { Config } from './config/types.js'
export { loadConfig } from './config/load.js'
export { checkKeys } from './config/own-keys.js'
export type { OwnKeyFact } from './config/own-keys.js'
