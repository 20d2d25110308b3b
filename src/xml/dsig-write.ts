// SPDX-License-Identifier: EUPL-1.2
/**
 * XML-DSig, the writing side: a `ds:Signature` with the line feeds the field writes (wire fact 30), signed in the context
 * where it will stand, because inclusive C14N pulls every prefix in scope there into SignedInfo (wire fact 10).
 *
 * Specs: [XMLDSIG §3.1], oscisig.xsd.
 * @module
 */
import type { Signer } from '../env.js'
import { SignatureError } from '../errors.js'
import { algorithmOf } from './algorithms.js'
import { encodeBase64 } from './base64.js'
import { canonicalize } from './c14n.js'
import { DS } from './names.js'
import { attr, element, type XmlAttribute, type XmlElement, type XmlNode } from './tree.js'

/** One part to be signed; `transforms` empty for `cid:` (wire fact 31). */
export interface ReferenceSpec {
  readonly uri: string
  readonly transforms: readonly string[]
  readonly digestMethod: string
  readonly digestValue: Uint8Array
}

export interface SignatureSpec {
  readonly references: readonly ReferenceSpec[]
  readonly signatureMethod: string
  /** `#Id` of the signer's certificate element. */
  readonly retrievalUri: string
  readonly signer: Signer
}

const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const ds = (local: string, attributes: readonly XmlAttribute[], children: readonly (XmlNode | string)[]): XmlElement =>
  element(DS, 'ds', local, { attributes, children })
const method = (local: string, uri: string): XmlElement => ds(local, [attr('Algorithm', uri)], [])

/** `\n` before every child and at the end. */
const lines = (children: readonly XmlElement[]): (XmlNode | string)[] => [...children.flatMap((c) => ['\n', c]), '\n']

/**
 * Makes a signature over given digests.
 *
 * @param context the element that will hold it; must bind `ds`. The result has it as parent, the caller inserts it there.
 * @throws {SignatureError} 9601 `message-signature.algorithm` when the table does not let us send the method.
 */
export async function makeSignature(context: XmlElement, spec: SignatureSpec): Promise<XmlElement> {
  const row = algorithmOf(spec.signatureMethod)
  if (row?.kind !== 'signature' || row.signature !== 'allowed' || row.send === false)
    throw new SignatureError('9601', 'message-signature.algorithm', 'we do not sign with this method')
  const signedInfo = ds(
    'SignedInfo',
    [],
    lines([method('CanonicalizationMethod', C14N), method('SignatureMethod', spec.signatureMethod), ...spec.references.map(reference)]),
  )
  const value: { kind: 'text'; value: string; cdata: boolean } = { kind: 'text', value: '', cdata: false }
  const keyInfo = ds('KeyInfo', [], [ds('RetrievalMethod', [attr('URI', spec.retrievalUri)], [])])
  const signature = ds('Signature', [], [signedInfo, ds('SignatureValue', [], [value]), keyInfo])
  signature.parent = context
  value.value = encodeBase64(await spec.signer.sign(spec.signatureMethod, canonicalize(signedInfo)))
  return signature
}

function reference(spec: ReferenceSpec): XmlElement {
  const transforms =
    spec.transforms.length === 0 ? [] : [ds('Transforms', [], lines(spec.transforms.map((uri) => method('Transform', uri))))]
  const value = ds('DigestValue', [], [encodeBase64(spec.digestValue)])
  return ds('Reference', [attr('URI', spec.uri)], lines([...transforms, method('DigestMethod', spec.digestMethod), value]))
}
