// SPDX-License-Identifier: EUPL-1.2
/**
 * Signatures inside XML documents, layer `author-signature`. The one that stands in the root and covers the document around it is verified,
 * with the key of the certificate that it names; whether anybody vouches for that certificate is the layer `certificates`. Every other form
 * (detached, nested, several, XAdES) is told and stays unchecked: a signature that nobody looked at makes no document valid.
 * Specs: [XMLDSIG §3.2, §6.6.4]; threat model §5.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { readCertificate, subjectRfc2253 } from '../pki/certificate.js'
import { decodeBase64 } from '../xml/base64.js'
import { DS } from '../xml/names.js'
import { verifyEnveloped, type Opinion } from '../xml/second-opinion.js'
import { attributeOf, childOf, elementsOf, isElement, textOf, type XmlDocument, type XmlElement } from '../xml/tree.js'
import type { Journal } from './journal.js'
import { judgeKey, judgeUris } from './policy.js'
import { tooLarge } from './second-opinion.js'
import { checkSigners } from './trust.js'
import type { CheckContext, Raised, SignatureResult } from './types.js'

/** Of one signature; the signer's need not be the first. */
const MOST_CERTIFICATES = 4

interface Signer {
  readonly element: XmlElement
  readonly certificate: X509Certificate
}

/** The outermost ones, in document order. */
function signaturesIn(root: XmlElement): XmlElement[] {
  const found: XmlElement[] = []
  const waiting = [root]
  for (let e = waiting.pop(); e; e = waiting.pop()) {
    if (isElement(e, DS, 'Signature')) found.push(e)
    // one by one: a root may have millions of children
    else for (const child of elementsOf(e).reverse()) waiting.push(child)
  }
  return found
}

const inDs = (from: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined =>
  names.reduce<XmlElement | undefined>((e, name) => e && childOf(e, DS, name), from)

const all = (from: XmlElement | undefined, name: string): XmlElement[] =>
  from ? elementsOf(from).filter((e) => isElement(e, DS, name)) : []

function certificatesIn(signature: XmlElement, journal: Journal, of: Raised): Signer[] {
  const named = all(inDs(signature, 'KeyInfo'), 'X509Data').flatMap((data) => all(data, 'X509Certificate'))
  return named.slice(0, MOST_CERTIFICATES).flatMap((element) => {
    try {
      return [{ element, certificate: readCertificate(decodeBase64(textOf(element)) ?? new Uint8Array()) }]
    } catch (cause) {
      journal.caught('certificates', cause, of.content)
      return []
    }
  })
}

/** With the first key that verifies it, else with the first there is. */
async function verified(bytes: Uint8Array, signers: readonly Signer[]): Promise<{ readonly opinion: Opinion; readonly signer?: Signer }> {
  let first: { readonly opinion: Opinion; readonly signer: Signer } | undefined
  for (const signer of signers) {
    const found = { opinion: await verifyEnveloped(bytes, signer.certificate), signer }
    if (found.opinion.verdict === 'valid') return found
    first ??= found
  }
  return first ?? { opinion: { verdict: 'error', reasons: ['it names no certificate'] } }
}

/**
 * @param content id of the content item, when the document came in a message.
 * @returns null: it carries no signature.
 */
export async function checkDocumentSignature(
  { root }: XmlDocument,
  bytes: Uint8Array,
  context: CheckContext,
  journal: Journal,
  content?: string,
): Promise<SignatureResult | null> {
  if (!journal.asks('author-signature', 'certificates', 'policy')) return null
  const signatures = signaturesIn(root)
  const [signature] = signatures
  if (!signature) return null
  const of: Raised = content === undefined ? {} : { content }
  const unchecked = (detail: string): SignatureResult => {
    journal.raise('author-signature.document-form', { ...of, element: signature, detail })
    return { verdict: 'unchecked', signer: null, algorithm: attributeOf(method ?? signature, 'Algorithm') ?? null }
  }
  const info = inDs(signature, 'SignedInfo')
  const method = inDs(info, 'SignatureMethod')
  const uris = [method, ...all(info, 'Reference').map((reference) => inDs(reference, 'DigestMethod'))].flatMap((e) => {
    const uri = e && attributeOf(e, 'Algorithm')
    return uri === undefined ? [] : [uri]
  })
  judgeUris(journal, uris, 'signature', { ...of, element: signature })
  if (signatures.length > 1) return unchecked(`${signatures.length} signatures`)
  const large = tooLarge(root, bytes)
  if (large !== undefined) return unchecked(large)
  const { opinion, signer } = await verified(bytes, certificatesIn(signature, journal, of))
  if (signer) {
    const at = { ...of, element: signer.element }
    judgeKey(journal, signer.certificate, at)
    if (journal.asks('certificates')) await checkSigners([signer.certificate], () => at, context, journal)
  }
  if (opinion.verdict === 'error') return unchecked(opinion.reasons.join('; '))
  if (opinion.verdict === 'valid') journal.note('author-signature')
  else journal.raise('author-signature.document-invalid', { ...of, element: signature, detail: opinion.reasons.join('; ') })
  return {
    verdict: opinion.verdict,
    signer: signer ? subjectRfc2253(signer.certificate) : null,
    algorithm: uris[0] ?? null,
  }
}
