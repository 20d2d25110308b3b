// SPDX-License-Identifier: EUPL-1.2
/**
 * From keys, profile and certificates to a station: our end of the wire, ready to ask.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { OsciHttp, OsciIdentity, OsciPeer } from '../client/osci/ports.js'
import { makeSigner } from '../pki/keys.js'
import type { KeyPair } from '../pki/keystore.js'
import type { Station } from './driver.js'
import { wanted, type RunKeys } from './keys.js'
import type { Profile } from './profile.js'
import type { Legs } from './wire.js'

/** Certificates that the profile names, read. */
export interface ProfileCertificates {
  readonly cipher?: X509Certificate
  readonly signature: readonly X509Certificate[]
}

export interface StationNeeds {
  readonly url: string
  readonly role: OsciIdentity['role']
  readonly keys: RunKeys
  readonly profile: Profile
  readonly certificates: ProfileCertificates
  readonly http: OsciHttp
  readonly legs: Legs
  /** Instead of the first that fit. */
  readonly own?: { readonly cipher: KeyPair; readonly signature: KeyPair }
}

const isOneOf = (known: readonly X509Certificate[], certificate: X509Certificate): boolean =>
  known.some(({ raw }) => raw.equals(certificate.raw))

/** @throws {NoRun} a key is missing. */
export function stationOf({ url, role, keys, profile, certificates, http, legs, own }: StationNeeds): Station {
  const cipher = own?.cipher ?? wanted(keys.cipher, 'cipher')
  const signature = own?.signature ?? wanted(keys.signature, 'signature')
  const timeoutMs = profile.timeoutSeconds * 1000
  const peer: OsciPeer = {
    url,
    timeoutMs,
    ...(certificates.cipher ? { cipherCertificate: certificates.cipher } : {}),
    recognises: (certificate) => Promise.resolve(isOneOf(certificates.signature, certificate)),
  }
  const identity: OsciIdentity = {
    env: keys.env,
    cipher: cipher.certificate,
    signer: makeSigner(signature.certificate, signature.privateKey),
    role,
  }
  return { url, identity, peer, hand: keys.hand, http, legs, timeoutMs }
}
