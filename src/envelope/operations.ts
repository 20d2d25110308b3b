// SPDX-License-Identifier: EUPL-1.2
/**
 * The operations of an envelope, as they run here: in Node what is short runs on the spot, by node:crypto. WebCrypto sends each of some
 * fifteen steps of an envelope through the thread pool, which costs many times the step itself (measured: 15 ms and 1 ms for one
 * envelope on a busy machine). RSA private keys and large blocks, which would hold the event loop, go through the pool in Node, too.
 *
 *   ECDH-ES+A256KW   ephemeral ─ECDH─► Z ─Concat KDF─► KEK ─AES-KW─► CEK ─A256GCM─► …
 *
 * Same bytes on the wire as {@link webOperations}, which tests hold against each other both ways.
 * Specs: docs/envelope.md §3, §5; [RFC 7518 §3.4, §3.5, §4.3, §4.6], [RFC 3394].
 * @module
 */
import type * as NodeCrypto from 'node:crypto'
import { TAG_BYTES } from './container.js'
import type { SealingKey } from './keys.js'
import { webOperations, type EnvelopeOperations, type JoseHeader } from './web-operations.js'

/** Blocks up to here take less time than the way to another thread and back. */
const SHORT_BYTES = 256 * 1024
const KEY_BYTES = 32
const IV_BYTES = 12
/** [RFC 3394 §2.2.3.1] */
const WRAP_IV = new Uint8Array(8).fill(0xa6)
const ECDH = 'ECDH-ES+A256KW'

function onTheSpot(node: typeof NodeCrypto): EnvelopeOperations {
  const objects = new WeakMap<object, NodeCrypto.KeyObject>()
  /** The same key as Node's own APIs take it. */
  const objectOf = (key: SealingKey['publicKey']): NodeCrypto.KeyObject => {
    const object = objects.get(key) ?? node.KeyObject.from(key)
    objects.set(key, object)
    return object
  }
  const points = new WeakMap<NodeCrypto.KeyObject, Buffer>()
  /** A public key on P-256 as an uncompressed point. */
  const pointOf = (key: NodeCrypto.KeyObject): Buffer => {
    const known = points.get(key)
    if (known) return known
    const { x, y } = key.export({ format: 'jwk' })
    const point = Buffer.concat([Buffer.of(4), octets(x), octets(y)])
    points.set(key, point)
    return point
  }
  const segment = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const octets = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url')
  const protectedHeader = (header: object): string => segment(Buffer.from(JSON.stringify(header), 'utf8'))

  const seal = (key: Uint8Array, iv: Uint8Array, plain: Uint8Array, aad?: string): Buffer[] => {
    const cipher = node.createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    if (aad !== undefined) cipher.setAAD(Buffer.from(aad, 'ascii'))
    return [cipher.update(plain), cipher.final(), cipher.getAuthTag()]
  }
  const open = (key: Uint8Array, iv: Uint8Array, sealed: Uint8Array, tag: Uint8Array, aad?: string): Uint8Array => {
    const decipher = node.createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    if (aad !== undefined) decipher.setAAD(Buffer.from(aad, 'ascii'))
    decipher.setAuthTag(tag)
    const plain = decipher.update(sealed)
    decipher.final()
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length)
  }

  /** Concat KDF for one AES-256 key: one round, neither party named. */
  const wrappingKey = (shared: Uint8Array): Buffer => {
    const info = Buffer.alloc(4 + ECDH.length + 12)
    info.writeUInt32BE(ECDH.length, 0)
    info.write(ECDH, 4, 'ascii')
    info.writeUInt32BE(KEY_BYTES * 8, 4 + ECDH.length + 8)
    const counter = Uint8Array.of(0, 0, 0, 1)
    return node.createHash('sha256').update(counter).update(shared).update(info).digest()
  }
  const wrap = (kek: Uint8Array, cek: Uint8Array): Buffer => {
    const cipher = node.createCipheriv('id-aes256-wrap', kek, WRAP_IV)
    return Buffer.concat([cipher.update(cek), cipher.final()])
  }
  const unwrap = (kek: Uint8Array, wrapped: Uint8Array): Buffer => {
    const decipher = node.createDecipheriv('id-aes256-wrap', kek, WRAP_IV)
    return Buffer.concat([decipher.update(wrapped), decipher.final()])
  }

  /** The content key for one recipient: wrapped, and what the header says of it. */
  const wrapFor = ({ alg, publicKey }: SealingKey, cek: Uint8Array): { wrapped: Buffer; member: JoseHeader } => {
    const recipient = objectOf(publicKey)
    if (alg === 'RSA-OAEP-256') {
      const padding = { padding: node.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
      return { wrapped: node.publicEncrypt({ key: recipient, ...padding }, cek), member: {} }
    }
    // not a generated key object: see generateEnvelopeKey on what may happen to those
    const ephemeral = node.createECDH('prime256v1')
    const point = ephemeral.generateKeys()
    const shared = ephemeral.computeSecret(pointOf(recipient))
    const epk = { kty: 'EC', crv: 'P-256', x: segment(point.subarray(1, 33)), y: segment(point.subarray(33)) }
    return { wrapped: wrap(wrappingKey(shared), cek), member: { epk } }
  }

  return {
    sealBlock: async (key, iv, plain) =>
      plain.length > SHORT_BYTES ? webOperations.sealBlock(key, iv, plain) : Promise.resolve(Buffer.concat(seal(key, iv, plain))),
    async openBlock(key, iv, block) {
      if (block.length > SHORT_BYTES) return webOperations.openBlock(key, iv, block)
      const end = block.length - TAG_BYTES
      return Promise.resolve(open(key, iv, block.subarray(0, end), block.subarray(end)))
    },
    sha256: async (bytes) =>
      bytes.length > SHORT_BYTES ? webOperations.sha256(bytes) : Promise.resolve(node.createHash('sha256').update(bytes).digest()),
    async sign(header, payload, key) {
      if (key.alg !== 'ES256') return webOperations.sign(header, payload, key)
      const signed = `${protectedHeader({ ...header, alg: key.alg })}.${segment(payload)}`
      const value = node.sign('sha256', Buffer.from(signed, 'ascii'), { key: objectOf(key.privateKey), dsaEncoding: 'ieee-p1363' })
      return Promise.resolve(`${signed}.${segment(value)}`)
    },
    async verify(jws, { alg, publicKey }) {
      const end = jws.lastIndexOf('.')
      const how =
        alg === 'ES256'
          ? ({ dsaEncoding: 'ieee-p1363' } as const)
          : { padding: node.constants.RSA_PKCS1_PSS_PADDING, saltLength: node.constants.RSA_PSS_SALTLEN_DIGEST }
      const signed = Buffer.from(jws.slice(0, end), 'ascii')
      if (!node.verify('sha256', signed, { key: objectOf(publicKey), ...how }, octets(jws.slice(end + 1))))
        throw new TypeError('the signature is wrong')
      return Promise.resolve(octets(jws.slice(jws.indexOf('.') + 1, end)))
    },
    async encrypt(header, plain, key, random) {
      const cek = random(KEY_BYTES)
      const { wrapped, member } = wrapFor(key, cek)
      const head = protectedHeader({ ...header, alg: key.alg, enc: 'A256GCM', ...member })
      const iv = random(IV_BYTES)
      const [first, last, tag] = seal(cek, iv, plain, head)
      const parts = [wrapped, iv, Buffer.concat([first ?? iv, last ?? iv]), tag ?? iv]
      return Promise.resolve([head, ...parts.map(segment)].join('.'))
    },
    async decrypt(jwe, key) {
      if (key.alg !== ECDH) return webOperations.decrypt(jwe, key)
      const [head = '', wrapped, iv, sealed, tag] = jwe.split('.')
      const { epk } = JSON.parse(octets(head).toString('utf8')) as { epk: NodeCrypto.JsonWebKey }
      const publicKey = node.createPublicKey({ key: epk, format: 'jwk' })
      const shared = node.diffieHellman({ privateKey: objectOf(key.privateKey), publicKey })
      const cek = unwrap(wrappingKey(shared), octets(wrapped))
      return Promise.resolve(open(cek, octets(iv), octets(sealed), octets(tag), head))
    },
  }
}

/** These files are bundled for browsers, too: Node is asked for its cryptography, never imported. */
const { process } = globalThis as { readonly process?: { getBuiltinModule?(id: 'node:crypto'): typeof NodeCrypto | undefined } }
const builtin = process?.getBuiltinModule?.('node:crypto')

export const operations: EnvelopeOperations = builtin === undefined ? webOperations : onTheSpot(builtin)
