// SPDX-License-Identifier: EUPL-1.2
/**
 * Private keys at work: unwrapping content keys and signing, always off the event loop.
 *
 * RSA-OAEP runs in WebCrypto, which can express only equal hashes for OAEP and MGF; anything else is refused (threat model
 * E9). Signing uses node:crypto's asynchronous form. Which algorithms are *allowed* is decided elsewhere; here stands only
 * what each URI means to a private key.
 * Specs: [XMLENC11 §5.5], [RFC9231 §2.3], [RFC8017]; threat model E8, K1.
 * @module
 */
import { constants, sign, type KeyObject, type X509Certificate } from 'node:crypto'
import { ProtektorError } from '../errors.js'
import type { Decrypter, KeyRing, KeyTransport, Signer } from '../env.js'
import { unwrapRsa15 } from './rsa15.js'

const XMLENC = 'http://www.w3.org/2001/04/xmlenc#'
const XMLENC11 = 'http://www.w3.org/2009/xmlenc11#'
const MORE_2001 = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'

/** OAEP digest URI → the only MGF URI that fits it, and WebCrypto's name. */
const OAEP: ReadonlyMap<string, { readonly mgf: string; readonly hash: string }> = new Map([
  [XMLENC + 'sha256', { mgf: XMLENC11 + 'mgf1sha256', hash: 'SHA-256' }],
  [MORE_2001 + 'sha384', { mgf: XMLENC11 + 'mgf1sha384', hash: 'SHA-384' }],
  [XMLENC + 'sha512', { mgf: XMLENC11 + 'mgf1sha512', hash: 'SHA-512' }],
])

type Scheme = 'pkcs1' | 'pss' | 'ecdsa'

const SIGNATURES: ReadonlyMap<string, { readonly hash: string; readonly scheme: Scheme }> = new Map([
  [MORE_2001 + 'rsa-sha256', { hash: 'sha256', scheme: 'pkcs1' }],
  [MORE_2001 + 'rsa-sha512', { hash: 'sha512', scheme: 'pkcs1' }],
  [MORE_2007 + 'sha256-rsa-MGF1', { hash: 'sha256', scheme: 'pss' }],
  [MORE_2007 + 'sha512-rsa-MGF1', { hash: 'sha512', scheme: 'pss' }],
  [MORE_2007 + 'sha3-256-rsa-MGF1', { hash: 'sha3-256', scheme: 'pss' }],
  [MORE_2007 + 'sha3-384-rsa-MGF1', { hash: 'sha3-384', scheme: 'pss' }],
  [MORE_2007 + 'sha3-512-rsa-MGF1', { hash: 'sha3-512', scheme: 'pss' }],
  [MORE_2001 + 'ecdsa-sha256', { hash: 'sha256', scheme: 'ecdsa' }],
  [MORE_2001 + 'ecdsa-sha384', { hash: 'sha384', scheme: 'ecdsa' }],
  [MORE_2001 + 'ecdsa-sha512', { hash: 'sha512', scheme: 'ecdsa' }],
])

const KEY_TYPES: Readonly<Record<Scheme, readonly string[]>> = { pkcs1: ['rsa'], pss: ['rsa', 'rsa-pss'], ecdsa: ['ec'] }

/**
 * Makes a decrypter from an RSA pair.
 * @throws ProtektorError `keystore.not-rsa`, `keystore.mismatch`.
 */
export async function makeDecrypter(certificate: X509Certificate, privateKey: KeyObject): Promise<Decrypter> {
  if (privateKey.asymmetricKeyType !== 'rsa') throw new ProtektorError('keystore.not-rsa', 'Only RSA keys can open OSCI messages.')
  assertPair(certificate, privateKey)
  const imported = new Map<string, Awaited<ReturnType<typeof crypto.subtle.importKey>>>()
  // WebCrypto takes no KeyObject: this is the one place where a key leaves it, and the copy is wiped at once.
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  try {
    for (const { hash } of OAEP.values())
      imported.set(hash, await crypto.subtle.importKey('pkcs8', der, { name: 'RSA-OAEP', hash }, false, ['decrypt']))
  } finally {
    der.fill(0)
  }
  return {
    certificate,
    async unwrap(transport: KeyTransport, wrapped: Uint8Array): Promise<Uint8Array> {
      if (transport.algorithm === XMLENC + 'rsa-1_5') return unwrapRsa15(privateKey, wrapped)
      const oaep = OAEP.get(transport.digest ?? '')
      const key = oaep === undefined ? undefined : imported.get(oaep.hash)
      if (transport.algorithm !== XMLENC11 + 'rsa-oaep' || oaep === undefined || key === undefined || oaep.mgf !== transport.mgf)
        throw new ProtektorError('keystore.key-transport', 'This key transport cannot be undone.')
      return new Uint8Array(await crypto.subtle.decrypt({ name: 'RSA-OAEP' }, key, wrapped))
    },
  }
}

/**
 * Makes a signer from an RSA or EC pair.
 * @throws ProtektorError `keystore.mismatch`; signing throws `keystore.algorithm-unfit`.
 */
export function makeSigner(certificate: X509Certificate, privateKey: KeyObject): Signer {
  assertPair(certificate, privateKey)
  return {
    certificate,
    sign(algorithm: string, data: Uint8Array): Promise<Uint8Array> {
      const entry = SIGNATURES.get(algorithm)
      if (entry === undefined || !KEY_TYPES[entry.scheme].includes(privateKey.asymmetricKeyType ?? ''))
        return Promise.reject(
          new ProtektorError('keystore.algorithm-unfit', 'The key cannot sign with this algorithm.', { detail: algorithm }),
        )
      const key = { key: privateKey, ...PARAMETERS[entry.scheme] }
      return new Promise((resolve, reject) => {
        sign(entry.hash, data, key, (error, signature) => (error === null ? resolve(signature) : reject(error)))
      })
    },
  }
}

/** MGF1 takes the signature's hash by itself; the salt is as long as the hash [RFC9231 §2.3.10]. */
const PARAMETERS = {
  pkcs1: { padding: constants.RSA_PKCS1_PADDING },
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  ecdsa: { dsaEncoding: 'ieee-p1363' },
} as const

/** Pairs by their certificates' exact bytes: never by name, serial number or public key (threat model E8). */
export function keyRing(decrypters: readonly Decrypter[]): KeyRing {
  const byBytes = new Map(decrypters.map((decrypter) => [latin1(decrypter.certificate.raw), decrypter]))
  return { decrypter: (certificateDer) => byBytes.get(latin1(certificateDer)) }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function assertPair(certificate: X509Certificate, privateKey: KeyObject): void {
  if (!certificate.checkPrivateKey(privateKey))
    throw new ProtektorError('keystore.mismatch', 'Private key and certificate do not belong together.')
}
