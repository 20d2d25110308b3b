// SPDX-License-Identifier: EUPL-1.2
/**
 * XML-Enc, the writing side: the exact wire form of the field (wire facts 43–48, 51). Only what is allowed to be sent: AES-GCM
 * and RSA-OAEP with both children; 12-byte IVs say so in `IvLength`, 16-byte ones stay silent (old peers).
 *
 * Keys and IVs come from the caller, fresh for every call [threat model E10].
 * Specs: [XMLENC11 §3], oscienc.xsd, order_zusatz.xsd.
 * @module
 */
import { constants, createCipheriv, publicEncrypt, type CipherGCMTypes, type X509Certificate } from 'node:crypto'
import type { KeyTransport } from '../env.js'
import { ProtektorError } from '../errors.js'
import { gatewayAlgorithms, type CipherRow } from './algorithms.js'
import { encodeBase64 } from './base64.js'
import { DS, OSCI128, X509_DATA, XENC, XENC11 } from './names.js'
import { attr, element, type NamespaceDeclaration, type XmlAttribute, type XmlElement, type XmlNode } from './tree.js'

const SENT = gatewayAlgorithms({ where: 'transport' })

/** IV ‖ ciphertext ‖ tag. @throws when the cipher may not be sent, or key or IV have another length than its row says. */
export function encryptOctets(cipher: CipherRow, key: Uint8Array, plaintext: Uint8Array, iv: Uint8Array): Uint8Array {
  if (cipher.mode !== 'gcm') throw new ProtektorError('transport-encryption.algorithm', `${cipher.name} is never sent`)
  if (key.length !== cipher.keyBytes || !cipher.ivBytes.includes(iv.length))
    throw new ProtektorError('transport-encryption.algorithm', 'key or IV of wrong length')
  const encipher = createCipheriv(cipher.cipher as CipherGCMTypes, key, iv, { authTagLength: cipher.tagBytes })
  const body = encipher.update(plaintext)
  return Buffer.concat([iv, body, encipher.final(), encipher.getAuthTag()])
}

/** Whether {@link wrapKey} takes this key: what is to be encrypted for it can be refused while nothing has been done yet. */
export function canWrapFor({ publicKey }: X509Certificate): boolean {
  return publicKey.asymmetricKeyType === 'rsa' && (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
}

/** RSA-OAEP for one reader. @throws when key transport or key may not be used for sending. */
export function wrapKey(certificate: X509Certificate, keyTransport: KeyTransport, cek: Uint8Array): Uint8Array {
  const resolved = SENT.keyTransport(keyTransport)
  if (!resolved) throw new ProtektorError('transport-encryption.algorithm', 'key transport is never sent')
  if (!canWrapFor(certificate)) throw new ProtektorError('transport-encryption.key-size', 'no RSA key of 2048 bits or more')
  return publicEncrypt({ key: certificate.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: resolved.hash }, cek)
}

export interface EncryptedKeySpec {
  readonly keyTransport: KeyTransport
  /** `#Id` of the reader's certificate element (content). */
  readonly retrievalUri?: string
  /** DER, inline (transport). */
  readonly certificate?: Uint8Array
  readonly wrapped: Uint8Array
}

export interface EncryptedDataSpec {
  readonly id?: string
  readonly mimeType?: string
  /** URI. */
  readonly cipher: string
  readonly ivLength: 12 | 16
  readonly keys?: readonly EncryptedKeySpec[]
  /** Key of an attachment, instead of `keys` (wire fact 48). */
  readonly mgmtData?: Uint8Array
  readonly cipherValue?: Uint8Array
  readonly cipherReference?: { readonly uri: string; readonly transforms: readonly string[] }
  /** Declarations to write on the element itself; elsewhere `xenc` and `ds` must be in scope. */
  readonly namespaces?: readonly NamespaceDeclaration[]
}

const ds = (local: string, attributes: readonly XmlAttribute[], children: readonly (XmlNode | string)[]): XmlElement =>
  element(DS, 'ds', local, { attributes, children })
const xenc = (local: string, attributes: readonly XmlAttribute[], children: readonly (XmlNode | string)[]): XmlElement =>
  element(XENC, 'xenc', local, { attributes, children })
const cipherValue = (octets: Uint8Array): XmlElement => xenc('CipherData', [], [xenc('CipherValue', [], [encodeBase64(octets)])])

/** An `xenc:EncryptedData` with `cipherValue` or `cipherReference`, and `keys` or `mgmtData`. */
export function makeEncryptedData(spec: EncryptedDataSpec): XmlElement {
  const ivLength = element(OSCI128, 'osci128', 'IvLength', {
    namespaces: [{ prefix: 'osci128', uri: OSCI128 }],
    attributes: [attr('Value', String(spec.ivLength))],
  })
  const keyInfo = spec.mgmtData ? [ds('MgmtData', [], [encodeBase64(spec.mgmtData)])] : (spec.keys ?? []).map(makeKey)
  return element(XENC, 'xenc', 'EncryptedData', {
    namespaces: spec.namespaces ?? [],
    attributes: [
      ...(spec.id === undefined ? [] : [attr('Id', spec.id)]),
      ...(spec.mimeType === undefined ? [] : [attr('MimeType', spec.mimeType)]),
    ],
    children: [
      xenc('EncryptionMethod', [attr('Algorithm', spec.cipher)], spec.ivLength === 12 ? [ivLength] : []),
      ds('KeyInfo', [], keyInfo),
      spec.cipherReference ? makeReference(spec.cipherReference) : cipherValue(spec.cipherValue ?? new Uint8Array()),
    ],
  })
}

function makeReference(reference: { readonly uri: string; readonly transforms: readonly string[] }): XmlElement {
  const transforms = reference.transforms.map((uri) => ds('Transform', [attr('Algorithm', uri)], []))
  return xenc(
    'CipherData',
    [],
    [xenc('CipherReference', [attr('URI', reference.uri)], transforms.length === 0 ? [] : [xenc('Transforms', [], transforms)])],
  )
}

function makeKey(spec: EncryptedKeySpec): XmlElement {
  const { algorithm, mgf, digest } = spec.keyTransport
  const method: XmlElement[] = []
  if (mgf !== undefined)
    method.push(element(XENC11, 'xenc11', 'MGF', { namespaces: [{ prefix: 'xenc11', uri: XENC11 }], attributes: [attr('Algorithm', mgf)] }))
  if (digest !== undefined) method.push(ds('DigestMethod', [attr('Algorithm', digest)], []))
  const name = spec.certificate
    ? ds('X509Data', [], [ds('X509Certificate', [], [encodeBase64(spec.certificate)])])
    : ds('RetrievalMethod', [attr('Type', X509_DATA), attr('URI', spec.retrievalUri ?? '')], [])
  return xenc(
    'EncryptedKey',
    [],
    [xenc('EncryptionMethod', [attr('Algorithm', algorithm)], method), ds('KeyInfo', [], [name]), cipherValue(spec.wrapped)],
  )
}
