// SPDX-License-Identifier: EUPL-1.2
/**
 * Who calls, proven: signature and coverage, the peer behind the signer, the peer's policy. The same for every role.
 * Specs: osci-1.2 §9.1, §9.8; threat model G9, G12; product.md, Decisions, "peers".
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { findingRow } from '../check/findings.js'
import { ProtektorError, SignatureError, StructureError } from '../errors.js'
import { signature } from '../osci/signature.js'
import type { OsciEnv, SoapEnvelope } from '../osci/types.js'
import type { EndpointKeys, Peer } from './ports.js'
import { DeliveryRefused } from './recipient/verdict.js'

export interface Proven {
  readonly verified: SoapEnvelope
  readonly peer: Peer
  readonly signer?: X509Certificate
  /** Remarks that this peer may make. */
  readonly findings: readonly string[]
}

/**
 * The peer whose certificate this is; among several the first of the endpoint's list.
 * @throws {SignatureError} 9601 none of them.
 */
export async function assertPeer(peers: readonly Peer[], signer: X509Certificate, at: Date): Promise<Peer> {
  for (const peer of peers) if (await peer.recognises(signer, at)) return peer
  throw new SignatureError('9601', 'message-signature.unknown-signer', 'the signer is none of the peers of this endpoint', {
    detail: createHash('sha256').update(signer.raw).digest('hex'),
  })
}

const rsaBits = (c: X509Certificate): number =>
  c.publicKey.asymmetricKeyType === 'rsa' ? (c.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) : Infinity

/** RSA keys of 2048 to 2999 bit are taken from peers, and said (threat model §7). */
export const smallKeys = (...certificates: readonly (X509Certificate | undefined)[]): readonly string[] =>
  certificates.some((c) => c !== undefined && rsaBits(c) < 3000) ? ['policy.small-key'] : []

/** Whoever still encrypts for a certificate that was renewed is said, until nobody does. */
export const formerKeys = ({ evidence }: SoapEnvelope, { formerCiphers }: EndpointKeys): readonly string[] =>
  evidence.transport && formerCiphers.has(evidence.transport.encryptedTo.fingerprint256) ? ['policy.former-key'] : []

/** A certificate outside its validity is a warning: of the message signer (3700), of whoever is answered (3500). */
export const isOutside = (c: X509Certificate, at: Date): boolean => at < new Date(c.validFrom) || at > new Date(c.validTo)

/**
 * Remarks of the pipeline: warnings, and what this peer's entry tolerates, are named in the log.
 * @throws {StructureError} 9100 any other (wire facts §12).
 */
function remarksOf(opened: SoapEnvelope, peer: Peer): string[] {
  for (const { finding } of opened.remarks) {
    const row = findingRow(finding)
    if (row?.severity === 'error' && !peer.tolerate.has(finding)) throw new StructureError('soap', finding, row.en)
  }
  return opened.remarks.map((r) => r.finding)
}

/** Whom an unsigned request is taken for: the first who may send one, as it came if there is such a one. */
const unsignedPeer = (peers: readonly Peer[], encrypted: boolean): Peer | undefined => {
  const may = peers.filter((peer) => peer.signed === 'optional')
  return may.find((peer) => encrypted || peer.encrypted === 'optional') ?? may[0]
}

/** What fails by itself while a signature is checked is no verdict on it. @throws {SignatureError} 9603 */
async function checking<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof ProtektorError) throw cause
    throw new SignatureError('9603', 'message-signature.check-failed', 'the signature could not be checked', { cause })
  }
}

/**
 * Verifies the message signature, finds the peer, and holds the message against the peer's policy.
 * @throws {SignatureError} 9600 unsigned, 9601 wrong or unknown signer, 9602, 9603; {DeliveryRefused} 9811 in clear.
 */
export async function proveCaller(opened: SoapEnvelope, peers: readonly Peer[], env: OsciEnv): Promise<Proven> {
  const verified = await checking(signature.open(opened, env))
  const signer = verified.evidence.signature?.signer
  const encrypted = opened.evidence.transport !== undefined
  const peer = signer ? await checking(assertPeer(peers, signer, env.now())) : unsignedPeer(peers, encrypted)
  if (!peer) throw new SignatureError('9600', 'message-signature.missing', 'this endpoint demands a message signature')
  if (peer.encrypted === 'required' && !encrypted)
    throw new DeliveryRefused('transport-encryption.missing', 'this endpoint demands transport encryption', { codes: ['9811'] })
  return { verified, peer, ...(signer ? { signer } : {}), findings: remarksOf(opened, peer) }
}
