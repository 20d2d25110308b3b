// SPDX-License-Identifier: EUPL-1.2
/**
 * How the gateway protects its answers: as the peer's entry and our key allow, and in the peer's own style.
 * Specs: threat model §6 rule 8, §7; product.md, Decisions, "peers".
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { Signer } from '../env.js'
import { AES_256_GCM, OAEP_SHA256, signingMethods } from '../osci/suite.js'
import type { SoapEnvelope, TransportEncryption } from '../osci/types.js'
import type { Peer } from './ports.js'

/** Algorithms for one of our keys towards a peer; before it is known, our own choice. */
export const signingAs = (signer: Signer, peer: Peer | undefined): ReturnType<typeof signingMethods> =>
  signingMethods(signer, peer ? { signatureMethod: peer.sendingSignature } : {})

/** A request's IV length is answered in kind: who wrote 16 bytes may not read 12 (osci-1.2 §7.2). */
export const answerEncryption = (certificate: X509Certificate, request: SoapEnvelope): TransportEncryption => ({
  certificate,
  cipher: AES_256_GCM,
  keyTransport: OAEP_SHA256,
  ivBytes: request.evidence.transport?.ivBytes === 16 ? 16 : 12,
})
