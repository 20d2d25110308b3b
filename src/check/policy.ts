// SPDX-License-Identifier: EUPL-1.2
/**
 * Policy layer: what the message uses, held against the algorithm table. Nothing is executed here; forbidden use is an error, legacy use and
 * small keys are warnings, and the signature's verdict stays what mathematics says (threat model §7, "Offline inspection").
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { publicKeyFacts, readCertificate, subjectRfc2253 } from '../pki/certificate.js'
import { algorithmOf, CURVES, policyOf, type Where } from '../xml/algorithms.js'
import type { Signature } from '../xml/dsig.js'
import type { XmlElement } from '../xml/tree.js'
import type { EncryptedData } from '../xml/xenc.js'
import type { Journal } from './journal.js'

const FORBIDDEN_RSA_BITS = 2048
const SMALL_RSA_BITS = 3000

function judge(journal: Journal, uri: string, where: Where, element: XmlElement): void {
  journal.note('policy')
  const found = policyOf(uri, where)
  if (found === 'allowed') return
  const at = { element, detail: `${algorithmOf(uri)?.name ?? 'unknown algorithm'} (${uri}), ${where}` }
  journal.raise(found === 'forbidden' ? 'policy.forbidden-algorithm' : 'policy.legacy-algorithm', at)
}

/** Canonical form, transforms, digests and method of a signature. */
export function judgeSignature(journal: Journal, signature: Signature): void {
  const uris = [
    signature.canonicalizationMethod,
    signature.signatureMethod,
    ...signature.references.flatMap((r) => [r.digestMethod, ...r.transforms]),
  ]
  for (const uri of new Set(uris)) judge(journal, uri, 'signature', signature.element)
}

/** Cipher, IV and key transports of an EncryptedData. */
export function judgeEncryption(journal: Journal, data: EncryptedData, where: 'transport' | 'content'): void {
  judge(journal, data.cipher, where, data.element)
  const row = algorithmOf(data.cipher)
  if (row?.kind === 'cipher' && row.mode === 'gcm' && (data.ivLength ?? 16) === 16)
    journal.raise('policy.gcm-iv16', { element: data.element, detail: row.name })
  for (const { keyTransport } of data.keys)
    for (const uri of [keyTransport.algorithm, keyTransport.digest, keyTransport.mgf])
      if (uri !== undefined) judge(journal, uri, where, data.element)
}

/** Kind and size of the key in a certificate. */
export function judgeKey(journal: Journal, certificate: X509Certificate): void {
  journal.note('policy')
  const { type, bits, curve } = publicKeyFacts(certificate)
  const detail = `${type.toUpperCase()} ${curve ?? `${bits} bit`}: ${subjectRfc2253(certificate)}`
  const forbidden = type === 'rsa' ? bits < FORBIDDEN_RSA_BITS : !CURVES.has(curve ?? '')
  if (forbidden) journal.raise('policy.forbidden-key', { detail })
  else if (type === 'rsa' && bits < SMALL_RSA_BITS) journal.raise('policy.small-key', { detail })
}

/** As {@link judgeKey}; what cannot be read has been told elsewhere. */
export function judgeKeyOf(journal: Journal, der: Uint8Array): void {
  let certificate: X509Certificate
  try {
    certificate = readCertificate(der)
  } catch (cause) {
    journal.caught('certificates', cause)
    return
  }
  judgeKey(journal, certificate)
}
