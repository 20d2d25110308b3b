// SPDX-License-Identifier: EUPL-1.2
/**
 * Message signature: proves who sent a message and which parts of it.
 *
 *   soap:Header ─┬─ ControlBlock …    ┐
 *                ├─ ClientSignature ──┤ one ds:Reference per block, Body and attachment
 *   soap:Body ───┴─ ContentPackage    ┘
 *
 * The key is the certificate of the role that the table names, never one that the signature brings along; nothing outside `covered`
 * may be read later. Specs: [OSCI12 soapXxx.xsd ClientSignature, SupplierSignature; oscisig.xsd]; threat model §5, G1–G12.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { ProtektorError, SignatureError, StructureError, type Place } from '../errors.js'
import type { Part } from '../mime/parts.js'
import {
  digest,
  digestElement,
  readSignature,
  sameOctets,
  verifyValue,
  whyWrongDigest,
  whyWrongValue,
  type Reference,
  type Signature,
} from '../xml/dsig.js'
import { makeSignature, type ReferenceSpec } from '../xml/dsig-write.js'
import { attributeOf, element, elementsOf, isElement, placeOf, type XmlElement } from '../xml/tree.js'
import type { Turn } from '../xml/turns.js'
import { referencesByUri } from './author-signature.js'
import { breatheIfLarge, turnsFor } from './breathe.js'
import { builtDocument, canonicalOnce, freeId, headerBlock, idsIn } from './build.js'
import { certificateElements, signerCertificate } from './certificates.js'
import { messageType, type MessageType } from './messages.js'
import { C14N, OSCI, SOAP } from './names.js'
import type { OsciEnv, SignatureEvidence, SoapEnvelope, Stage } from './types.js'

type Target = { readonly uri: string; readonly what: XmlElement | Part }

const isPart = (what: XmlElement | Part): what is Part => 'contentId' in what

const placeOfTarget = ({ uri, what }: Target): Place => (isPart(what) ? { xpath: uri } : placeOf(what))

/** What a message signature must cover: every header block but its own, Body, every part (G3: equality, not subset). */
function* targets(envelope: SoapEnvelope, signatureBlock: XmlElement | undefined): Generator<Target, void, undefined> {
  for (const e of [...envelope.header, envelope.body]) if (e !== signatureBlock) yield { uri: `#${attributeOf(e, 'Id') ?? ''}`, what: e }
  for (const part of envelope.parts.attachments.values()) yield { uri: `cid:${part.contentId}`, what: part }
}

/** Digest over the octets of a part, transfer encoding undone. `method` is a URI that the algorithms allow. */
export type PartDigest = (part: Part, method: string) => Promise<Uint8Array>

const digestOfBody =
  (env: OsciEnv): PartDigest =>
  (part, method) =>
    Promise.resolve(digest(env.algorithms.signature, method, part.body))

async function digestOf(
  { what }: Target,
  { transforms, digestMethod, element: reference }: Reference,
  env: OsciEnv,
  turn: Turn | undefined,
  partDigest: PartDigest,
): Promise<Uint8Array> {
  if (isPart(what)) {
    if (transforms.length > 0)
      throw new SignatureError('9601', 'message-signature.transform', 'a part is digested as it is', placeOf(reference))
    return partDigest(what, digestMethod)
  }
  if (transforms.length !== 1 || transforms[0] !== C14N)
    throw new SignatureError(
      '9601',
      'message-signature.transform',
      'a block is digested in canonical form, nothing else',
      placeOf(reference),
    )
  return digestElement(env.algorithms.signature, digestMethod, what, 'message-signature', turn)
}

/** Pairs references and targets one to one; a part is named raw or percent-encoded (osci-1.2 §7.5 rule 5). */
function bind(signature: Signature, wanted: Iterable<Target>): readonly (readonly [Target, Reference])[] {
  const named = referencesByUri(signature)
  const left = new Set(signature.references)
  const pairs: (readonly [Target, Reference])[] = []
  // ends at the first part without reference: a message may bring as many blocks as its size allows (threat model H6)
  for (const target of wanted) {
    const [hit, twice] = named.get(target.uri) ?? []
    if (!hit || twice)
      throw new SignatureError(
        '9602',
        'message-signature.not-covered',
        hit ? 'a part is signed twice' : 'a part of the message is not signed',
        placeOfTarget(target),
      )
    left.delete(hit)
    pairs.push([target, hit])
  }
  const [stray] = left
  if (stray)
    throw new SignatureError(
      '9602',
      'message-signature.stray-reference',
      'the signature refers to something that is no part of the message',
      placeOf(stray.element),
    )
  return pairs
}

/** The one certificate of the signer's role; RetrievalMethod must name it (G9). */
function expectedSigner(envelope: SoapEnvelope, type: MessageType, signature: Signature): X509Certificate {
  const candidates = certificateElements(envelope.header).filter((c) => c.role === type.signer)
  const named = candidates.find((c) => c.id === signature.retrievalUri)
  if (!named)
    throw new SignatureError('9601', 'message-signature.signer-role', `the signature must name the ${type.signer} of this message`)
  return signerCertificate(named.der, 'message-signature')
}

/** Of either side, whatever the message. */
export const isSignatureBlock = (block: XmlElement): boolean =>
  isElement(block, OSCI, 'ClientSignature') || isElement(block, OSCI, 'SupplierSignature')

/** The signature block, which must stand where and as often as the schema says. */
function signatureBlock(envelope: SoapEnvelope, type: MessageType): XmlElement | undefined {
  const blocks = envelope.header.filter(isSignatureBlock)
  const [block, second] = blocks
  const wrong = second ?? (block?.local === type.signatureElement ? undefined : block)
  if (wrong) {
    const why = second ? `only one ${type.signatureElement} is allowed` : `${wrong.local} instead of ${type.signatureElement}`
    throw new StructureError('signature', 'osci-structure.signature-block', why, placeOf(wrong))
  }
  return block
}

/**
 * Verifies the message signature of an envelope: grammar, algorithms, signer, value, coverage, digests, in this order; parts come last.
 *
 * @param partDigest for parts that are not in memory.
 * @returns undefined for an unsigned message (whether that is acceptable is the peer's policy, 9600).
 * @throws {SignatureError} 9601 value, digest, algorithm, signer; 9602 a part is not covered; 9603 the check failed.
 */
export async function verifyMessageSignature(
  envelope: SoapEnvelope,
  env: OsciEnv,
  partDigest = digestOfBody(env),
): Promise<SignatureEvidence | undefined> {
  const type = envelope.type === undefined ? undefined : messageType(envelope.type)
  if (!type) return undefined
  const block = signatureBlock(envelope, type)
  if (!block) return undefined
  try {
    return await verifyBlock(block, envelope, type, env, partDigest)
  } catch (cause) {
    throw cause instanceof ProtektorError ? cause.placedAt(placeOf(block)) : cause
  }
}

async function verifyBlock(
  block: XmlElement,
  envelope: SoapEnvelope,
  type: MessageType,
  env: OsciEnv,
  partDigest: PartDigest,
): Promise<SignatureEvidence> {
  const [signatureElement, extra] = elementsOf(block)
  if (!signatureElement || extra) throw new SignatureError('9601', 'message-signature.grammar', 'the block holds exactly one ds:Signature')
  const signature = readSignature(signatureElement, 'message-signature')
  if (signature.objects.length > 0) throw new SignatureError('9601', 'message-signature.grammar', 'a message signature holds no Object')
  const signer = expectedSigner(envelope, type, signature)
  const { signature: algorithms } = env.algorithms
  if (!algorithms.canonicalization(signature.canonicalizationMethod))
    throw new SignatureError('9601', 'message-signature.algorithm', 'this canonical form is not allowed')
  if (!verifyValue(signature, signer, algorithms))
    throw new SignatureError('9601', 'message-signature.value-mismatch', whyWrongValue(signature, signer, algorithms))
  const pairs = bind(signature, targets(envelope, block))
  const turn = turnsFor(env, envelope.document.text.length, 'signature')
  for (const [target, reference] of [...pairs].sort(([a], [b]) => Number(isPart(a.what)) - Number(isPart(b.what)))) {
    if (!algorithms.digest(reference.digestMethod))
      throw new SignatureError('9601', 'message-signature.algorithm', 'this digest is not allowed')
    const digested = await digestOf(target, reference, env, turn, partDigest)
    if (!sameOctets(digested, reference.digestValue)) {
      const why = whyWrongDigest(digested, reference) ?? 'a signed part was changed, or digested in another way'
      throw new SignatureError('9601', 'message-signature.digest-mismatch', why, placeOfTarget(target))
    }
  }
  return {
    signer,
    role: type.signer,
    algorithm: signature.signatureMethod,
    digestMethods: [...new Set(signature.references.map((r) => r.digestMethod))],
    covered: new Set(pairs.map(([target]) => target.what)),
  }
}

/**
 * Signs as `env.sealing` says. Puts the signature second, directly behind ControlBlock: one-pass readers need it before what it signs
 * (wire fact 33).
 */
export async function signEnvelope(envelope: SoapEnvelope, env: OsciEnv, partDigest = digestOfBody(env)): Promise<SoapEnvelope> {
  const how = env.sealing?.sign
  const type = envelope.type === undefined ? undefined : messageType(envelope.type)
  if (!how || !type) return envelope
  const der = new Uint8Array(how.signer.certificate.raw)
  const own = certificateElements(envelope.header).find((c) => c.role === type.signer && sameOctets(c.der, der))
  if (!own) throw new TypeError(`the message lacks the signer's ${type.signer}`)
  const id = freeId(type.signatureElement.toLowerCase(), idsIn([...envelope.header, envelope.body]))
  const block = headerBlock(OSCI, type.signatureElement, id, {})
  const [control, ...rest] = envelope.header
  if (!control) throw new TypeError('a message has a ControlBlock')
  const rebuild = (signature: XmlElement): XmlElement => {
    const root = envelope.document.root
    const header = element(SOAP, 'soap', 'Header', { children: [control, signature, ...rest] })
    return element(root.uri, root.prefix, root.local, {
      attributes: root.attributes,
      namespaces: root.namespaces,
      children: [header, envelope.body],
    })
  }
  rebuild(block)
  const references: ReferenceSpec[] = []
  for (const { uri, what } of targets(envelope, undefined))
    references.push({
      uri,
      transforms: isPart(what) ? [] : [C14N],
      digestMethod: how.digestMethod,
      digestValue: isPart(what)
        ? await partDigest(what, how.digestMethod)
        : digest(env.algorithms.signature, how.digestMethod, canonicalOnce(what)),
    })
  const signature = await makeSignature(block, {
    references,
    signatureMethod: how.signatureMethod,
    retrievalUri: `#${own.id}`,
    signer: how.signer,
  })
  const filled = element(block.uri, block.prefix, block.local, {
    attributes: block.attributes,
    namespaces: block.namespaces,
    children: [signature],
  })
  const root = rebuild(filled)
  return { ...envelope, document: builtDocument(root), header: [control, filled, ...rest] }
}

/** SoapEnvelope ⇄ SoapEnvelope with evidence of the signature. */
export const signature: Stage<SoapEnvelope, SoapEnvelope> = {
  name: 'signature',
  async open(envelope, env) {
    await breatheIfLarge(env, envelope.document.text.length)
    const evidence = await verifyMessageSignature(envelope, env)
    return evidence ? { ...envelope, evidence: { ...envelope.evidence, signature: evidence } } : envelope
  },
  seal: (envelope, env) => signEnvelope(envelope, env),
}

/** A message is signed when it has a signature block, whatever that is worth. */
export const isSigned = (envelope: SoapEnvelope): boolean => envelope.header.some(isSignatureBlock)
