// SPDX-License-Identifier: EUPL-1.2
/**
 * Keys of the envelope: P-256 or RSA, as JWK outside, as WebCrypto keys inside. One algorithm per key kind and purpose, chosen
 * by the key, never by the message (J1).
 * Specs: docs/envelope.md §4; [RFC 7517], [RFC 7638], [RFC 8725 §3.1].
 * @module
 */
import type { CryptoKey, JWK } from 'jose'
import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose'
import { EnvelopeError } from './errors.js'

export type SealingAlgorithm = 'ECDH-ES+A256KW' | 'RSA-OAEP-256'
export type SigningAlgorithm = 'ES256' | 'PS256'

/** A private key that signs; `kid` is its RFC 7638 thumbprint. */
export interface SigningKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly privateKey: CryptoKey
  /** For a key that is not registered: who vouches for it (voucher.ts). */
  readonly voucher?: string
}

/** A private key that opens; `kid` is its RFC 7638 thumbprint. */
export interface OpeningKey {
  readonly kid: string
  readonly alg: SealingAlgorithm
  readonly privateKey: CryptoKey
}

/** The trusted public key of `participant` with thumbprint `kid`, or undefined. */
export type SenderLookup = (kid: string, participant: string) => JWK | undefined | Promise<JWK | undefined>

/** A participant as far as its keys go; signing and sealing keys may share the set (`use` `sig`, `enc`). */
export interface KeyOwner {
  readonly id: string
  readonly jwks: readonly JWK[]
}

const MIN_RSA_BITS = 3000
const MAX_RSA_BITS = 8192

/** @throws {EnvelopeError} envelope.key */
export async function importSigningKey(jwk: JWK): Promise<SigningKey> {
  const alg = signingAlgorithm(jwk)
  return { kid: await thumbprint(jwk), alg, privateKey: await imported(jwk, alg, true) }
}

/** @throws {EnvelopeError} envelope.key */
export async function importOpeningKey(jwk: JWK): Promise<OpeningKey> {
  const alg = sealingAlgorithm(jwk)
  return { kid: await thumbprint(jwk), alg, privateKey: await imported(jwk, alg, true) }
}

/** @throws {EnvelopeError} envelope.key */
export async function importSealingKey(jwk: JWK): Promise<SealingKey> {
  return publicKeyOf(jwk, sealingAlgorithm(jwk))
}

/** @throws {EnvelopeError} envelope.key */
export async function importVerifyingKey(jwk: JWK): Promise<VerifyingKey> {
  return publicKeyOf(jwk, signingAlgorithm(jwk))
}

/**
 * The registered key of `participant` that a signature names.
 * @throws {EnvelopeError} envelope.unknown-sender, .signature, .algorithm
 */
export async function verifyingKeyOf(
  header: { readonly kid: string; readonly alg: SigningAlgorithm },
  participant: string,
  sender: SenderLookup,
): Promise<VerifyingKey> {
  const jwk = await sender(header.kid, participant)
  if (jwk === undefined) throw new EnvelopeError('envelope.unknown-sender', 'The sender is not known.')
  const key = await importVerifyingKey(jwk)
  assertNamed(key, header)
  return key
}

/** @throws {EnvelopeError} envelope.signature, .algorithm */
export function assertNamed(key: VerifyingKey, header: { readonly kid: string; readonly alg: SigningAlgorithm }): void {
  if (key.kid !== header.kid) throw new EnvelopeError('envelope.signature', 'The signature names another key.')
  if (key.alg !== header.alg) throw new EnvelopeError('envelope.algorithm', 'The algorithm does not fit the key.')
}

type PublicKey<A> = { readonly kid: string; readonly alg: A; readonly publicKey: CryptoKey }
export type SealingKey = PublicKey<SealingAlgorithm>
export type VerifyingKey = PublicKey<SigningAlgorithm>

/** Public keys that were imported lately, by all their members: a message names the keys of its two parties again and again. */
const recent = new Map<string, PublicKey<string>>()
const MAX_KEPT = 256

async function publicKeyOf<A extends SealingAlgorithm | SigningAlgorithm>(jwk: JWK, alg: A): Promise<PublicKey<A>> {
  const { kty, crv, x, y, n, e } = jwk
  const members = JSON.stringify([alg, kty, crv, x, y, n, e])
  const known = recent.get(members) as PublicKey<A> | undefined
  recent.delete(members)
  const key = known ?? { kid: await thumbprint(jwk), alg, publicKey: await imported(jwk, alg, false) }
  recent.set(members, key)
  const [oldest] = recent.size > MAX_KEPT ? recent.keys() : []
  if (oldest !== undefined) recent.delete(oldest)
  return key
}

/**
 * Makes a key pair on P-256; the private JWK carries `kid` and `use`.
 *
 * No generated key is ever exported as a JWK: Node 20 holds the key's lock while it builds the JWK, and when garbage is collected in just
 * that moment, the generator's remains want the same lock. The process then stands still for ever (seen once in 240,000 in a small heap).
 * A copy, imported from other bytes, has a lock of its own.
 */
export async function generateEnvelopeKey(use: 'sig' | 'enc'): Promise<{ privateJwk: JWK; publicJwk: JWK }> {
  const alg = use === 'sig' ? 'ES256' : 'ECDH-ES+A256KW'
  const pair = await generateKeyPair(alg, { crv: 'P-256', extractable: true })
  const bytes = await crypto.subtle.exportKey('pkcs8', pair.privateKey)
  const { algorithm, usages } = pair.privateKey
  const copy = await crypto.subtle.importKey('pkcs8', bytes, { ...algorithm }, true, usages)
  const privateJwk = await exportJWK(copy)
  const kid = await thumbprint(privateJwk)
  return { privateJwk: { ...privateJwk, kid, use }, publicJwk: publicJwkOf({ ...privateJwk, kid, use }) }
}

/** A pair on P-256 that signs for one session; its private half can be used, never read. */
export async function generateSessionKey(): Promise<{ key: SigningKey; publicJwk: JWK }> {
  const { privateKey, publicJwk, kid } = await sessionPair('ES256')
  return { key: { kid, alg: 'ES256', privateKey }, publicJwk }
}

/** A pair on P-256 that answers are sealed for; its private half can be used, never read. */
export async function generateReplyKey(): Promise<{ key: OpeningKey; publicJwk: JWK }> {
  const { privateKey, publicJwk, kid } = await sessionPair('ECDH-ES+A256KW')
  return { key: { kid, alg: 'ECDH-ES+A256KW', privateKey }, publicJwk }
}

async function sessionPair(alg: string): Promise<{ privateKey: CryptoKey; publicJwk: JWK; kid: string }> {
  const pair = await generateKeyPair(alg, { crv: 'P-256', extractable: false })
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => base64url.encode(half)) as [string, string]
  const publicJwk: JWK = { kty: 'EC', crv: 'P-256', x, y }
  return { privateKey: pair.privateKey, publicJwk, kid: await thumbprint(publicJwk) }
}

/** The public half of a JWK, with `kid`, `use` and `alg` where it has them; nothing else is copied. */
export function publicJwkOf(jwk: JWK): JWK {
  const { kty, crv, x, y, n, e, kid, use, alg } = jwk
  const entries = Object.entries({ kty, crv, x, y, n, e, kid, use, alg }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries)
}

/** RFC 7638, SHA-256, base64url. */
export async function thumbprint(jwk: JWK): Promise<string> {
  try {
    return await calculateJwkThumbprint(jwk, 'sha256')
  } catch {
    throw unusable('The key is no complete JWK.')
  }
}

const thumbprints = new WeakMap<KeyOwner['jwks'], Promise<ReadonlyMap<string, JWK>>>()

/** Signing keys of one participant by thumbprint, worked out once. One that is no complete key names nobody, and costs the others nothing. */
function signingKeysOf({ jwks }: KeyOwner): Promise<ReadonlyMap<string, JWK>> {
  const known = thumbprints.get(jwks)
  if (known) return known
  const keys = jwks.filter((jwk) => jwk.use !== 'enc').map(publicJwkOf)
  const named = async (jwk: JWK): Promise<[string, JWK][]> =>
    thumbprint(jwk).then(
      (kid) => [[kid, jwk]],
      () => [],
    )
  const made = Promise.all(keys.map(named)).then((entries) => new Map(entries.flat()))
  thumbprints.set(jwks, made)
  return made
}

/** Lookup over configured participants: `kid` must be the thumbprint of one of the participant's own signing keys. */
export function trustedSenders(owners: readonly KeyOwner[]): SenderLookup {
  const table = new Map(owners.map((owner) => [owner.id, signingKeysOf(owner)]))
  return async (kid, participant) => (await table.get(participant))?.get(kid)
}

/** The key that messages for this owner are sealed for: the first with `use: 'enc'`. */
export function sealingKeyOf(owner: KeyOwner): JWK | undefined {
  const jwk = owner.jwks.find((key) => key.use === 'enc')
  return jwk === undefined ? undefined : publicJwkOf(jwk)
}

/**
 * A public P-256 point in JWK form, complete and on the curve (J2). Compressed points have no `y` and are refused.
 * @throws {EnvelopeError} envelope.key
 */
export function assertPointOnCurve(jwk: unknown): void {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) throw unusable('The ephemeral key is no JWK.')
  const point = jwk as Record<string, unknown>
  const known = Object.keys(point).every((name) => name === 'kty' || name === 'crv' || name === 'x' || name === 'y')
  if (!known || point.kty !== 'EC' || point.crv !== 'P-256' || !coordinate(point.x) || !coordinate(point.y)) {
    throw unusable('The ephemeral key is no plain P-256 point.')
  }
  const [x, y] = [fieldElement(point.x as string), fieldElement(point.y as string)]
  if (x >= P || y >= P || (y * y - x * x * x + 3n * x - B) % P !== 0n) throw unusable('The ephemeral key is not on its curve.')
}

/** P-256 [SP 800-186 §3.2.1.3]: y² = x³ − 3x + B modulo P. Its cofactor is 1, so that every point but infinity is of the group. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

const fieldElement = (text: string): bigint =>
  BigInt('0x' + Array.from(base64url.decode(text), (octet) => octet.toString(16).padStart(2, '0')).join(''))

function coordinate(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length === 43 &&
    /^[A-Za-z0-9_-]+$/.test(value) &&
    base64url.encode(base64url.decode(value)) === value
  )
}

const isOdd = (octets: Uint8Array): boolean => ((octets.at(-1) ?? 0) & 1) === 1

/** Of a number in a JWK; none where it is no number, or longer than any that is used. */
function octetsOf(text: unknown): Uint8Array {
  const isNumber = typeof text === 'string' && text.length <= 1400 && text.length % 4 !== 1 && /^[A-Za-z0-9_-]*$/.test(text)
  return isNumber ? base64url.decode(text) : new Uint8Array(0)
}

function sealingAlgorithm(jwk: JWK): SealingAlgorithm {
  if (jwk.use !== undefined && jwk.use !== 'enc') throw unusable('This key is not meant for sealing.')
  const alg = kindOf(jwk) === 'EC' ? 'ECDH-ES+A256KW' : 'RSA-OAEP-256'
  if (jwk.alg !== undefined && jwk.alg !== alg) throw unusable('The algorithm of the key is not allowed.')
  return alg
}

function signingAlgorithm(jwk: JWK): SigningAlgorithm {
  if (jwk.use !== undefined && jwk.use !== 'sig') throw unusable('This key is not meant for signing.')
  const alg = kindOf(jwk) === 'EC' ? 'ES256' : 'PS256'
  if (jwk.alg !== undefined && jwk.alg !== alg) throw unusable('The algorithm of the key is not allowed.')
  return alg
}

function kindOf(jwk: JWK): 'EC' | 'RSA' {
  if (jwk.kty === 'EC' && jwk.crv === 'P-256' && coordinate(jwk.x) && coordinate(jwk.y)) return 'EC'
  if (jwk.kty === 'RSA') {
    const [modulus, exponent] = [octetsOf(jwk.n), octetsOf(jwk.e)]
    const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
    // an even number is no modulus, and 0, 1 and even exponents seal nothing that could be opened, or nothing at all
    const seals = isOdd(modulus) && isOdd(exponent) && exponent.some((octet, at) => octet > (at < exponent.length - 1 ? 0 : 1))
    if (seals && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS) return 'RSA'
  }
  throw unusable(`Only P-256 and RSA keys of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bit are used.`)
}

async function imported(jwk: JWK, alg: string, isPrivate: boolean): Promise<CryptoKey> {
  const { kty, crv, x, y, n, e, d, p, q, dp, dq, qi } = jwk
  if (isPrivate && d === undefined) throw unusable('The private half of the key is missing.')
  const bare = isPrivate ? { kty, crv, x, y, n, e, d, p, q, dp, dq, qi } : { kty, crv, x, y, n, e }
  try {
    const key = await importJWK(Object.fromEntries(Object.entries(bare).filter(([, value]) => value !== undefined)) as JWK, alg)
    if (key instanceof Uint8Array) throw new TypeError('symmetric')
    return key
  } catch (cause) {
    throw new EnvelopeError('envelope.key', 'The key cannot be used.', { cause })
  }
}

function unusable(message: string): EnvelopeError {
  return new EnvelopeError('envelope.key', message)
}
