// SPDX-License-Identifier: EUPL-1.2
/**
 * Keystores: PKCS#12, old (RC2, Triple DES, which OpenSSL 3 refuses) and new (PBES2 with AES), and PEM pairs.
 *
 *   PFX ── AuthenticatedSafe ─┬─ Data / EncryptedData ── SafeBag: certificate
 *    └ MAC over it            └─ Data / EncryptedData ── SafeBag: shrouded key
 *
 * node-forge brings ASN.1 and password-based ciphers; keys and certificates leave it as plain DER for node:crypto, so EC and
 * RSA-PSS work and a certificate keeps its exact bytes. Nothing here verifies signatures.
 * Specs: [RFC7292 §4], [RFC8018]; threat model K1.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { createHash, createPrivateKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import type forge from 'node-forge'
import { ProtektorError } from '../errors.js'
import { readCertificate } from './certificate.js'
import { TAG, writeOid, writeTlv } from './der.js'
import { MAC_HASHES, pkcs12Mac, type MacHash } from './pkcs12-mac.js'

// a small part of forge reads a modern store; the ciphers of old ones are loaded when one comes
const require = createRequire(import.meta.url)
const asn1 = require('node-forge/lib/asn1.js') as typeof forge.asn1
const { createBuffer, encodeUtf8 } = require('node-forge/lib/util.js') as typeof forge.util
const oids = require('node-forge/lib/oids.js') as typeof forge.pki.oids

/** Missing in the published types. */
interface PasswordCiphers {
  getCipher(oid: string, parameters: forge.asn1.Asn1, password: string): forge.cipher.BlockCipher
}
const passwordCiphers = (): PasswordCiphers => require('node-forge/lib/pbe.js') as PasswordCiphers

/** One key with its certificate; `chain` leads from the certificate's issuer upwards, as far as the store goes. */
export interface KeyPair {
  readonly certificate: X509Certificate
  readonly chain: readonly X509Certificate[]
  readonly privateKey: KeyObject
}

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  x509: '1.2.840.113549.1.9.22.1',
  sha256: '2.16.840.1.101.3.4.2.1',
  /** Takes the PIN as UTF-8; the older schemes take it as UTF-16. */
  pbes2: '1.2.840.113549.1.5.13',
} as const

/** A store is somebody's upload in `check`: its iteration counts must not buy CPU time. */
const MAX_ITERATIONS = 1_000_000
const MAX_STORE_BYTES = 1024 * 1024
const MAX_NESTING = 4

interface Bags {
  readonly keys: KeyObject[]
  readonly certificates: X509Certificate[]
}

/**
 * Opens a PKCS#12 store.
 * @throws ProtektorError `keystore.wrong-pin`, `keystore.unreadable`, `keystore.unsupported`, `keystore.no-key`.
 */
export function readPkcs12(bytes: Uint8Array, pin: string): KeyPair[] {
  if (bytes.byteLength > MAX_STORE_BYTES) throw unreadable('it is too large')
  if (isCutOff(bytes)) throw unreadable('it is cut off')
  const pfx = parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'))
  const [version, authSafe, macData] = children(pfx)
  if (version === undefined || authSafe === undefined || text(version).charCodeAt(0) !== 3) throw unreadable('it is no PKCS#12 store')
  const [type, content] = children(authSafe)
  if (oid(type) !== OID.data) throw unsupported('a store signed instead of sealed by a PIN')
  const safe = octets(children(content)[0])
  // An empty PIN has two encodings in the field: no bytes at all, or an empty string with its terminator.
  const password = [pin, ...(pin === '' ? [null] : [])].find((candidate) => macData === undefined || macHolds(macData, safe, candidate))
  if (password === undefined) throw wrongPin()
  const bags: Bags = { keys: [], certificates: [] }
  try {
    for (const info of children(parse(safe))) readContentInfo(info, password, bags)
  } catch (cause) {
    // Without a MAC a wrong PIN shows only as nonsense behind the cipher.
    if (macData === undefined && cause instanceof ProtektorError && cause.finding !== 'keystore.unsupported') throw wrongPin(cause)
    throw cause
  }
  return pair(bags)
}

/**
 * Writes a store any modern reader opens: key under PBES2 with AES-256, certificates in clear, MAC with SHA-256.
 * @param salt at least 8 octets of chance.
 */
export function writePkcs12({ certificate, chain, privateKey }: KeyPair, pin: string, salt: Uint8Array): Uint8Array {
  const sealed = privateKey.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: pin })
  const localKeyId = createHash('sha1').update(certificate.raw).digest()
  const attributes = writeTlv(
    TAG.set,
    sequence(writeOid('1.2.840.113549.1.9.21'), writeTlv(TAG.set, writeTlv(TAG.octetString, localKeyId))),
  )
  const certificateBags = [certificate, ...chain].map((item, i) =>
    bag(OID.certBag, sequence(writeOid(OID.x509), explicit(writeTlv(TAG.octetString, item.raw))), i === 0 ? attributes : Buffer.alloc(0)),
  )
  const safe = sequence(dataInfo(sequence(...certificateBags)), dataInfo(sequence(bag(OID.shroudedKeyBag, sealed, attributes))))
  const mac = pkcs12Mac('sha256', pin, salt, WRITE_ITERATIONS, safe)
  const digestInfo = sequence(sequence(writeOid(OID.sha256), writeTlv(0x05)), writeTlv(TAG.octetString, mac))
  const iterations = writeTlv(TAG.integer, Buffer.from([WRITE_ITERATIONS >> 8, WRITE_ITERATIONS & 0xff]))
  const version = writeTlv(TAG.integer, Buffer.from([3]))
  return sequence(version, dataInfo(safe), sequence(digestInfo, writeTlv(TAG.octetString, Buffer.from(salt)), iterations))
}

/** Of the MAC, as many as OpenSSL gives the key inside: whoever guesses PINs takes the cheaper of the two. */
const WRITE_ITERATIONS = 2048

function bag(type: string, value: Buffer, attributes: Buffer): Buffer {
  return sequence(writeOid(type), explicit(value), attributes)
}

function dataInfo(content: Buffer): Buffer {
  return sequence(writeOid(OID.data), explicit(writeTlv(TAG.octetString, content)))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return writeTlv(TAG.sequence, ...parts)
}

function explicit(value: Buffer): Buffer {
  return writeTlv(0xa0, value)
}

/**
 * A key and its certificate as PEM; `certificatePem` may hold the chain as well.
 * @throws ProtektorError `keystore.unreadable`, `keystore.wrong-pin`, `keystore.no-key`.
 */
export function readPem(keyPem: string, certificatePem: string, pin?: string): KeyPair {
  const certificates = readPemCertificates(certificatePem)
  // OpenSSL wants it at the beginning of a line, where editors leave a byte order mark
  const pem = keyPem.slice(Math.max(0, keyPem.indexOf('-----BEGIN ')))
  let key: KeyObject
  try {
    key = createPrivateKey(pin === undefined ? pem : { key: pem, passphrase: pin })
  } catch (cause) {
    if (/ENCRYPTED/.test(keyPem)) throw wrongPin(cause)
    throw unreadable('it holds no private key', cause)
  }
  const [first] = pair({ keys: [key], certificates })
  if (first === undefined) throw noKey()
  return first
}

/** All certificates of a PEM text, in order. @throws ProtektorError `keystore.unreadable`. */
export function readPemCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw unreadable('it holds no certificate')
  return blocks.map((block) => readCertificate(Buffer.from(block.replace(/-----[^-]*-----/g, ''), 'base64')))
}

function macHolds(macData: forge.asn1.Asn1, safe: string, password: string | null): boolean {
  const [digestInfo, salt, iterations] = children(macData)
  const [algorithm, digest] = children(digestInfo)
  const hash = oid(children(algorithm)[0])
  const name = HASH_NAMES.get(hash)
  if (name === undefined) throw unsupported(`MAC ${hash}`)
  const rounds = iterations === undefined ? 1 : boundedCount(iterations)
  const found = pkcs12Mac(name, password, Buffer.from(text(salt), 'latin1'), rounds, Buffer.from(safe, 'latin1'))
  const expected = Buffer.from(octets(digest), 'latin1')
  return found.length === expected.length && timingSafeEqual(found, expected)
}

const HASH_NAMES: ReadonlyMap<string, MacHash> = new Map(MAC_HASHES.map((name) => [String(oids[name]), name]))

function readContentInfo(info: forge.asn1.Asn1, password: string | null, bags: Bags): void {
  const [type, content] = children(info)
  const inner = children(content)[0]
  switch (oid(type)) {
    case OID.data:
      return readBags(parse(octets(inner)), password, bags, 0)
    case OID.encryptedData: {
      const [contentType, algorithm, sealed] = children(children(inner)[1])
      if (oid(contentType) !== OID.data || sealed === undefined) throw unreadable('an encrypted part holds no data')
      return readBags(parse(decrypt(algorithm, octets(sealed), password)), password, bags, 0)
    }
    default:
      throw unsupported('a part sealed for a key instead of a PIN')
  }
}

function readBags(contents: forge.asn1.Asn1, password: string | null, bags: Bags, depth: number): void {
  if (depth > MAX_NESTING) throw unreadable('its bags are nested too deeply')
  for (const bag of children(contents)) {
    const [type, wrapped] = children(bag)
    const value = children(wrapped)[0]
    switch (oid(type)) {
      case OID.keyBag:
        bags.keys.push(toKey(asn1.toDer(present(value)).getBytes()))
        break
      case OID.shroudedKeyBag: {
        const [algorithm, sealed] = children(value)
        bags.keys.push(modernKey(present(value), algorithm, password) ?? toKey(decrypt(algorithm, octets(sealed), password)))
        break
      }
      case OID.certBag: {
        const [kind, certificate] = children(value)
        if (oid(kind) === OID.x509) bags.certificates.push(readCertificate(Buffer.from(octets(children(certificate)[0]), 'latin1')))
        break
      }
      case OID.safeContentsBag:
        readBags(present(value), password, bags, depth + 1)
        break
      default:
      // CRL and secret bags are allowed in a store and nothing to us.
    }
  }
}

function decrypt(algorithm: forge.asn1.Asn1 | undefined, sealed: string, password: string | null): string {
  const [type, parameters] = children(algorithm)
  assertCounts(parameters)
  let cipher: forge.cipher.BlockCipher
  try {
    cipher = passwordCiphers().getCipher(
      oid(type),
      present(parameters),
      oid(type) === OID.pbes2 ? encodeUtf8(password ?? '') : (password ?? ''),
    )
  } catch (cause) {
    throw unsupported(`cipher ${oid(type)}`, cause)
  }
  cipher.update(createBuffer(sealed))
  if (!cipher.finish()) throw wrongPin()
  return cipher.output.getBytes()
}

/** A key under PBES2, opened by node:crypto: the same bytes in a tenth of the time. undefined: another scheme, or not so simple. */
function modernKey(sealedKey: forge.asn1.Asn1, algorithm: forge.asn1.Asn1 | undefined, password: string | null): KeyObject | undefined {
  const [type, parameters] = children(algorithm)
  if (oid(type) !== OID.pbes2) return undefined
  assertCounts(parameters)
  const key = Buffer.from(asn1.toDer(sealedKey).getBytes(), 'latin1')
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase: password ?? '' })
  } catch {
    // forge knows more ciphers, and tells a wrong PIN from an unknown one
    return undefined
  }
}

function toKey(pkcs8: string): KeyObject {
  const der = Buffer.from(pkcs8, 'latin1')
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw unreadable('its private key is of an unknown kind', cause)
  } finally {
    der.fill(0)
  }
}

/** Every certificate that fits a key becomes a pair: after a renewal one key may have two. */
function pair({ keys, certificates }: Bags): KeyPair[] {
  const pairs = keys.flatMap((privateKey) =>
    certificates
      .filter((certificate) => certificate.checkPrivateKey(privateKey))
      .map((certificate) => ({ certificate, chain: chainOf(certificate, certificates), privateKey })),
  )
  if (pairs.length === 0) throw noKey()
  return pairs
}

function chainOf(leaf: X509Certificate, certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let last = leaf
  for (;;) {
    const issuer = certificates.find((candidate) => candidate !== last && !chain.includes(candidate) && last.checkIssued(candidate))
    if (issuer === undefined || issuer === leaf) return chain
    chain.push(issuer)
    last = issuer
  }
}

function parse(der: string): forge.asn1.Asn1 {
  try {
    // Old stores are BER with indefinite lengths, so not strict; bit strings stay closed.
    return asn1.fromDer(der, { strict: false, decodeBitStrings: false } as never)
  } catch (cause) {
    throw unreadable('it is no ASN.1', cause)
  }
}

function children(node: forge.asn1.Asn1 | undefined): readonly (forge.asn1.Asn1 | undefined)[] & forge.asn1.Asn1[] {
  if (node === undefined || !Array.isArray(node.value)) throw unreadable('its structure is broken')
  return node.value
}

function present(node: forge.asn1.Asn1 | undefined): forge.asn1.Asn1 {
  if (node === undefined) throw unreadable('its structure is broken')
  return node
}

function text(node: forge.asn1.Asn1 | undefined): string {
  if (node === undefined || typeof node.value !== 'string') throw unreadable('its structure is broken')
  return node.value
}

/** An OCTET STRING, whole or in pieces. */
function octets(node: forge.asn1.Asn1 | undefined): string {
  return node !== undefined && Array.isArray(node.value) ? node.value.map(text).join('') : text(node)
}

function oid(node: forge.asn1.Asn1 | undefined): string {
  return asn1.derToOid(text(node))
}

function boundedCount(node: forge.asn1.Asn1): number {
  const count = Number(BigInt('0x' + (Buffer.from(text(node), 'latin1').toString('hex') || '0')))
  if (count < 1 || count > MAX_ITERATIONS) throw unsupported('an iteration count beyond reason')
  return count
}

/** The lenient parser takes half a store, and its MAC would then blame the PIN. */
function isCutOff(bytes: Uint8Array): boolean {
  const first = bytes[1] ?? 0
  const count = first > 0x80 ? first & 0x7f : 0
  const length = count === 0 ? first & 0x7f : bytes.subarray(2, 2 + count).reduce((sum, octet) => sum * 256 + octet, 0)
  return bytes.length < 2 + count + length
}

/** Every integer of a cipher's parameters is an iteration count, a key length or RC2's small version number. */
function assertCounts(node: forge.asn1.Asn1 | undefined): void {
  if (node === undefined) return
  if (Array.isArray(node.value)) node.value.forEach(assertCounts)
  else if (node.tagClass === asn1.Class.UNIVERSAL && node.type === asn1.Type.INTEGER) boundedCount(node)
}

function wrongPin(cause?: unknown): ProtektorError {
  return new ProtektorError('keystore.wrong-pin', 'The PIN does not open the keystore.', { cause })
}

function unreadable(what: string, cause?: unknown): ProtektorError {
  return new ProtektorError('keystore.unreadable', `The keystore cannot be read: ${what}.`, { cause })
}

function unsupported(what: string, cause?: unknown): ProtektorError {
  return new ProtektorError('keystore.unsupported', `The keystore uses something we do not support: ${what}.`, { cause })
}

function noKey(): ProtektorError {
  return new ProtektorError('keystore.no-key', 'The keystore holds no private key with its certificate.')
}
