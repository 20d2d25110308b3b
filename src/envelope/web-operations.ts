// SPDX-License-Identifier: EUPL-1.2
/**
 * The cryptographic operations of an envelope, by WebCrypto and jose alone: they run in every browser.
 * @module
 */
import { compactDecrypt, CompactEncrypt, CompactSign, compactVerify } from 'jose'
import { TAG_BYTES, unshared } from './container.js'
import type { OpeningKey, SealingKey, SigningKey, VerifyingKey } from './keys.js'

/** Members of a protected header besides `alg` and `enc`, which the key and the format decide. */
export type JoseHeader = Readonly<Record<string, unknown>>

/** All that format version 1 needs. Each rejects when anything does not hold, and says no more. */
export interface EnvelopeOperations {
  /** AES-256-GCM without additional data. @returns ciphertext ‖ tag. */
  sealBlock(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Promise<Uint8Array>
  openBlock(key: Uint8Array, iv: Uint8Array, block: Uint8Array): Promise<Uint8Array>
  sha256(bytes: Uint8Array): Promise<Uint8Array>
  /** @returns a compact JWS. */
  sign(header: JoseHeader, payload: Uint8Array, key: Pick<SigningKey, 'alg' | 'privateKey'>): Promise<string>
  /** @param jws its header was read strictly before. @returns the payload. */
  verify(jws: string, key: Pick<VerifyingKey, 'alg' | 'publicKey'>): Promise<Uint8Array>
  /** @returns a compact JWE with A256GCM; the header gets the ephemeral key. @param random strong bytes, for key and vector. */
  encrypt(header: JoseHeader, plain: Uint8Array, key: SealingKey, random: (bytes: number) => Uint8Array): Promise<string>
  /** @param jwe its header was read strictly before, ephemeral key included. */
  decrypt(jwe: string, key: Pick<OpeningKey, 'alg' | 'privateKey'>): Promise<Uint8Array>
}

const gcm = (iv: Uint8Array) => ({ name: 'AES-GCM', iv: unshared(iv), tagLength: TAG_BYTES * 8 })

export const webOperations: EnvelopeOperations = {
  async sealBlock(key, iv, plain) {
    const imported = await crypto.subtle.importKey('raw', unshared(key), 'AES-GCM', false, ['encrypt'])
    return new Uint8Array(await crypto.subtle.encrypt(gcm(iv), imported, unshared(plain)))
  },
  async openBlock(key, iv, block) {
    const imported = await crypto.subtle.importKey('raw', unshared(key), 'AES-GCM', false, ['decrypt'])
    return new Uint8Array(await crypto.subtle.decrypt(gcm(iv), imported, unshared(block)))
  },
  sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', unshared(bytes))),
  sign: (header, payload, { alg, privateKey }) => new CompactSign(payload).setProtectedHeader({ ...header, alg }).sign(privateKey),
  verify: async (jws, { alg, publicKey }) => (await compactVerify(jws, publicKey, { algorithms: [alg] })).payload,
  encrypt: (header, plain, { alg, publicKey }) =>
    new CompactEncrypt(plain).setProtectedHeader({ ...header, alg, enc: 'A256GCM' }).encrypt(publicKey),
  async decrypt(jwe, { alg, privateKey }) {
    const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: ['A256GCM'] }
    return (await compactDecrypt(jwe, privateKey, options)).plaintext
  },
}
