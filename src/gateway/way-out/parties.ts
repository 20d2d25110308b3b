// SPDX-License-Identifier: EUPL-1.2
/**
 * Who talks to whom on the OSCI side: our identity in the role that the delivery needs, and the station that is called, with what is
 * demanded of its answers.
 *
 *   directory entry   address · cipher certificate · signature certificates (else the peer's entry says whose signature counts)
 *   peer entry        signed · encrypted · algorithms · signature method
 *
 * Specs: product.md, Decisions, "peers"; threat model G9, G12.
 * @module
 */
import type { OsciIdentity, OsciPeer } from '../../client/osci/ports.js'
import type { OsciElement, ServiceEntry } from '../../directory/ports.js'
import { sha256Hex } from '../digest.js'
import type { GatewayPorts } from '../ports.js'
import { DeliveryRefused, NOT_TAKEN } from '../recipient/verdict.js'
import type { WayOut } from './ports.js'

export type Station = 'intermediary' | 'addressee'

export function identityOf({ keys, peer }: WayOut, role: OsciIdentity['role'], ports: GatewayPorts): OsciIdentity {
  return {
    env: { ...ports.env, keys: keys.ring, algorithms: peer.algorithms },
    cipher: keys.cipher,
    signer: keys.signature,
    role,
  }
}

const named = ({ uri, ...rest }: ServiceEntry['addressee']): OsciElement | undefined => (uri === undefined ? undefined : { ...rest, uri })

/** @throws {DeliveryRefused} the directory knows no address for it. */
export function stationOf(entry: ServiceEntry, station: Station): OsciElement {
  const found = station === 'intermediary' ? entry.intermediary : named(entry.addressee)
  if (!found) throw new DeliveryRefused('directory.element-missing', `the ${station} of the service has no address`, { codes: NOT_TAKEN })
  return found
}

export function peerOf(element: OsciElement, { peer }: WayOut, timeoutMs: number): OsciPeer {
  const listed = new Set(element.signatureCertificates.map((c) => sha256Hex(c.raw)))
  return {
    url: element.uri,
    cipherCertificate: element.cipherCertificate,
    answerSignature: peer.signed,
    answerEncryption: peer.encrypted,
    // whole certificates: what the directory lists goes before what the peer's entry allows
    recognises: (certificate, at) =>
      listed.size > 0 ? Promise.resolve(listed.has(sha256Hex(certificate.raw))) : peer.recognises(certificate, at),
    signatureMethod: peer.sendingSignature,
    timeoutMs,
  }
}
