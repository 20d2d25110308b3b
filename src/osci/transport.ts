// SPDX-License-Identifier: EUPL-1.2
/**
 * Transport stage: the encrypted envelope around a whole inner message.
 *
 *   Envelope/Body/EncryptedData ─ EncryptedKey (certificate inline) ─ CipherReference cid:osci_enc
 *   part osci_enc = IV ‖ ciphertext ‖ tag   →   a MIME package of its own, opened exactly once, never deeper
 *
 * A plain message passes; whether that is acceptable is the peer's policy. From the unwrap to the tag there is one outcome, 9202.
 * Specs: [OSCI12 soapMessageEncrypted.xsd]; threat model §6, E1–E9; wire facts 51–54.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { OrderError, ProtektorError, StructureError, TransportEncryptionError } from '../errors.js'
import { readCertificate } from '../pki/certificate.js'
import { decryptOctets, leastOctets, readEncryptedData, unwrapKey, type EncryptedData } from '../xml/xenc.js'
import { canWrapFor, encryptOctets, makeEncryptedData, wrapKey } from '../xml/xenc-write.js'
import { element, elementsOf, placeOf } from '../xml/tree.js'
import { breatheIfLarge } from './breathe.js'
import { builtDocument } from './build.js'
import { mime, outgoingParts } from './mime-stage.js'
import { BASE64_TRANSFORM, ENVELOPE_NAMESPACES, schemaLocation, SOAP, XSI } from './names.js'
import { soap } from './soap.js'
import type { OsciEnv, SoapEnvelope, Stage, TransportEncryption, TransportEvidence } from './types.js'
import type { Part } from '../mime/parts.js'

const PART_NAME = 'osci_enc'

const forbidden = (rule: string, why: string): TransportEncryptionError =>
  new TransportEncryptionError('9202', `transport-encryption.${rule}`, why)

/** The one part that CipherReference names; anything else beside it is refused (E7). */
function cipherPart(envelope: SoapEnvelope, data: EncryptedData): Part {
  const uri = data.cipherReference?.uri
  const [part, more] = [...envelope.parts.attachments.values()]
  if (uri === undefined || !part || more || uri !== `cid:${part.contentId}`)
    throw new StructureError('transport', 'transport-encryption.cipher-reference', 'CipherReference must name the one encrypted part')
  return part
}

/** Opens the shell; everything that can be judged without the private key is judged before it is touched (§6 rule 1). */
export async function openShell(
  envelope: SoapEnvelope,
  env: OsciEnv,
): Promise<{ readonly bytes: Uint8Array; readonly evidence: TransportEvidence }> {
  const [dataElement] = elementsOf(envelope.body)
  if (!dataElement) throw new StructureError('transport', 'transport-encryption.grammar', 'the encrypted message is empty')
  const data = readEncryptedData(dataElement, 'transport-encryption')
  const part = cipherPart(envelope, data)
  const [key, secondKey] = data.keys
  if (!key || secondKey) throw new StructureError('transport', 'transport-encryption.one-key', 'there must be exactly one EncryptedKey')
  const cipher = env.algorithms.transport.cipher(data.cipher)
  if (!cipher) throw forbidden('algorithm', 'this content cipher is not allowed on the transport')
  if (!env.algorithms.transport.keyTransport(key.keyTransport))
    throw forbidden('algorithm', 'this key transport is not allowed on the transport')
  const decrypter = key.certificate === undefined ? undefined : env.keys.decrypter(key.certificate)
  if (!decrypter)
    throw new TransportEncryptionError('9200', 'transport-encryption.not-our-key', 'the message is encrypted for a key that is not ours')
  // too short, or an IV that the cipher has not: the same answer, and no private-key operation for it (threat model §6 rule 1)
  const wrongIv = cipher.mode === 'gcm' && !cipher.ivBytes.includes(data.ivLength ?? 16)
  if (wrongIv || part.body.byteLength < leastOctets(cipher, data.ivLength))
    throw forbidden('undecryptable', 'the message could not be decrypted')
  try {
    const cek = await unwrapKey(decrypter, key, cipher, env.algorithms.transport, (n) => env.random(n))
    const bytes = decryptOctets(cipher, cek, part.body, data.ivLength)
    const ivBytes = data.ivLength ?? 16
    return { bytes, evidence: { encryptedTo: decrypter.certificate, cipher: data.cipher, keyTransport: key.keyTransport, ivBytes } }
  } catch (cause) {
    // one text for every cause: bad key, bad padding, bad tag (threat model §6 rule 2)
    throw new TransportEncryptionError('9202', 'transport-encryption.undecryptable', 'the message could not be decrypted', { cause })
  }
}

/** Puts a shell around a whole inner package. */
export function sealShell(plain: Uint8Array, how: TransportEncryption, env: OsciEnv): SoapEnvelope {
  const cipher = env.algorithms.transport.cipher(how.cipher)
  if (!cipher || !env.algorithms.transport.keyTransport(how.keyTransport)) throw new TypeError(`not sent on the transport: ${how.cipher}`)
  const cek = env.random(cipher.keyBytes)
  const octets = encryptOctets(cipher, cek, plain, env.random(how.ivBytes))
  const data = makeEncryptedData({
    mimeType: 'Multipart/Related',
    cipher: how.cipher,
    ivLength: how.ivBytes,
    keys: [
      {
        keyTransport: how.keyTransport,
        certificate: new Uint8Array(how.certificate.raw),
        wrapped: wrapKey(how.certificate, how.keyTransport, cek),
      },
    ],
    cipherReference: { uri: `cid:${PART_NAME}`, transforms: [BASE64_TRANSFORM] },
  })
  const body = element(SOAP, 'soap', 'Body', { children: [data] })
  const root = element(SOAP, 'soap', 'Envelope', {
    // the outer envelope knows nothing of OSCI (wire fact 53)
    namespaces: ENVELOPE_NAMESPACES.filter((n) => n.prefix !== 'osci'),
    attributes: [{ prefix: 'xsi', local: 'schemaLocation', uri: XSI, value: schemaLocation('soapMessageEncrypted.xsd') }],
    children: [body],
  })
  const part: Part = {
    contentId: PART_NAME,
    contentType: 'application/octet-stream',
    transferEncoding: 'binary',
    headers: [],
    body: octets,
  }
  return { document: builtDocument(root), kind: 'encrypted', header: [], body, parts: outgoingParts([part]), evidence: {}, remarks: [] }
}

/** Whether a message can be encrypted for this certificate: known before anything is done whose answer could then not be sent. */
export const canEncryptFor = canWrapFor

/** SoapEnvelope ⇄ SoapEnvelope: the shell is taken off, or put around. */
export const transport: Stage<SoapEnvelope, SoapEnvelope> = {
  name: 'transport',
  async open(envelope, env) {
    if (envelope.kind !== 'encrypted') return envelope
    const { bytes, evidence } = await openShell(envelope, env)
    const { httpContentType: _outer, ...innerEnv } = env
    await breatheIfLarge(env, bytes.byteLength)
    const inner = await soap.open(await mime.open(bytes, innerEnv), innerEnv)
    if (inner.kind !== 'message')
      throw new OrderError('osci-structure.nested-encryption', 'an encrypted message must hold one plain OSCI message', placeOf(inner.body))
    return { ...inner, evidence: { transport: evidence }, remarks: [...envelope.remarks, ...inner.remarks] }
  },
  async seal(inner, env) {
    const how = env.sealing?.encryptFor
    return how === undefined ? inner : sealShell(await mime.seal(await soap.seal(inner, env), env), how, env)
  },
}

/** For `check`: whom the shell was made for, without opening it. */
export function shellRecipient(envelope: SoapEnvelope): X509Certificate | undefined {
  const [dataElement] = elementsOf(envelope.body)
  const der = dataElement ? readEncryptedData(dataElement, 'transport-encryption').keys[0]?.certificate : undefined
  if (!dataElement || der === undefined) return undefined
  try {
    return readCertificate(der)
  } catch (cause) {
    if (!(cause instanceof ProtektorError)) throw cause
    throw new StructureError('transport', cause.finding, cause.message, { cause, ...placeOf(dataElement) })
  }
}
