// SPDX-License-Identifier: EUPL-1.2
/**
 * A second, independent verdict on XML signatures, and enveloped signatures inside XÖV documents: sole user of xml-crypto.
 *
 * xml-crypto may canonicalise and digest; it never decides what was signed or whose key counts. Before it sees a document our
 * gate and grammar have passed it; its registries hold our allow-list and nothing else; the key is ours; an instruction, which
 * it would canonicalise as text, is refused; any exception is no approval [threat model §5, G5].
 * Slow (tens of milliseconds): offline and rare use only.
 * @module
 */
import type { KeyObject } from 'node:crypto'
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { SignedXml, type CanonicalizationOrTransformationAlgorithm, type HashAlgorithm, type SignatureAlgorithm } from 'xml-crypto'
import { CHECK_LIMITS } from '../env.js'
import { ProtektorError } from '../errors.js'
import { ALGORITHMS, gatewayAlgorithms, type DigestRow, type SignatureRow } from './algorithms.js'
import { decodeBase64 } from './base64.js'
import { canonicalize, canonicalText } from './c14n.js'
import { digest, paddingOf, readSignature, sameOctets, unfit } from './dsig.js'
import { algorithm, attributes, bare, Children, leafOctets } from './grammar.js'
import { parseXml } from './gate.js'
import { DS } from './names.js'
import { attributeOf, elementsOf, type XmlDocument, type XmlElement, type XmlNode } from './tree.js'

/** `error`: no verdict, the form is not one that is verified here. `reasons` are fit to show. */
export interface Opinion {
  readonly verdict: 'valid' | 'invalid' | 'error'
  readonly reasons: readonly string[]
}

const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const BASE64 = DS + 'base64'
const ENVELOPED = DS + 'enveloped-signature'
const algorithms = gatewayAlgorithms({ where: 'signature' })

/**
 * Verdict on a `ds:Signature` of a document with references `#Id` (no `cid:`: parts are not at hand here).
 * @param certificatePem whose key must have signed; KeyInfo is never asked.
 * @param start where the signature begins in the document's text; absent: it is the only one.
 */
export function secondOpinion(bytes: Uint8Array, certificatePem: string, start?: number): Opinion {
  return guarded(() => {
    const document = readDocument(bytes)
    const key = new X509Certificate(certificatePem).publicKey
    const signature = readSignature(theSignature(document.root, start), 'author-signature')
    if (signature.references.some((r) => !r.uri.startsWith('#')))
      return { verdict: 'error', reasons: ['references to parts outside the document'] }
    const allowed = [C14N, BASE64]
    if (signature.canonicalizationMethod !== C14N || !signature.references.every((r) => r.transforms.every((t) => allowed.includes(t))))
      return { verdict: 'invalid', reasons: ['transform is not allowed'] }
    // xml-crypto reads SignedInfo for itself in exclusive form before it starts: it needs that class, the grammar above does not let it be used.
    return ask(document, signature.element, key, [...allowed, EXC_C14N])
  })
}

/**
 * Verifies a signature that stands as a child of the root and covers the whole document around it.
 *
 * Exactly one Reference, to the document or its root; enveloped-signature, then at most one canonicalisation (inclusive or
 * exclusive, without comments).
 * @param trusted certificates or public keys; one of them must have signed.
 */
export function verifyEnveloped(bytes: Uint8Array, trusted: X509Certificate | readonly (X509Certificate | KeyObject)[]): Promise<Opinion> {
  const keys = (trusted instanceof X509Certificate ? [trusted] : trusted).map((t) => (t instanceof X509Certificate ? t.publicKey : t))
  const opinion = guarded(() => {
    const document = readDocument(bytes)
    const { root } = document
    const signature = theSignature(root)
    if (signature.parent !== root) return { verdict: 'error', reasons: ['the signature is no child of the root'] }
    const { transforms, digestMethod, digestValue } = readEnveloped(root, signature)
    if (!transforms.includes(EXC_C14N)) {
      // Where our own canonical form applies it must agree; the second opinion never stands alone.
      const own = digest(algorithms, digestMethod, canonicalize(root, { omit: new Set([signature]) }), 'author-signature')
      if (!sameOctets(own, digestValue)) return { verdict: 'invalid', reasons: ['digest mismatch'] }
    }
    let last: Opinion = { verdict: 'invalid', reasons: ['no trusted key'] }
    for (const key of keys) {
      last = ask(document, signature, key, [C14N, EXC_C14N, ENVELOPED])
      if (last.verdict === 'valid') return last
    }
    return last
  })
  return Promise.resolve(opinion)
}

function guarded(act: () => Opinion): Opinion {
  try {
    return act()
  } catch (e) {
    return { verdict: 'error', reasons: [e instanceof ProtektorError ? e.message : 'the check failed'] }
  }
}

function readDocument(bytes: Uint8Array): XmlDocument {
  const document = parseXml(bytes, { limits: CHECK_LIMITS, frame: 'content', stage: 'content' })
  const { root, prolog, epilog } = document
  const instruction = (nodes: readonly XmlNode[]): boolean =>
    nodes.some((n) => n.kind === 'instruction' || (n.kind === 'element' && instruction(n.children)))
  if (instruction([...prolog, root, ...epilog]))
    throw new ProtektorError('author-signature.grammar', 'processing instruction in a signed document')
  return document
}

/** The parser of xml-crypto knows no names beyond the basic plane: it drops such elements and says so on the error output. */
const BEYOND_BASIC_PLANE = /[\ud800-\udfff]/
const hasStrangeName = ({ local, prefix, attributes, namespaces }: XmlElement): boolean =>
  BEYOND_BASIC_PLANE.test(prefix + local) ||
  attributes.some((a) => BEYOND_BASIC_PLANE.test(a.prefix + a.local)) ||
  namespaces.some((n) => BEYOND_BASIC_PLANE.test(n.prefix))

/** The `ds:Signature` at its place, or the only one; and every Id only once. */
function theSignature(root: XmlElement, start?: number): XmlElement {
  const found: XmlElement[] = []
  const ids = new Set<string>()
  const stack: XmlElement[] = [root]
  for (let e = stack.pop(); e; e = stack.pop()) {
    if (e.uri === DS && e.local === 'Signature' && e.start === (start ?? e.start)) found.push(e)
    if (hasStrangeName(e)) throw new ProtektorError('author-signature.grammar', 'a name that the second verifier cannot read')
    const id = attributeOf(e, 'Id')
    if (id !== undefined) {
      if (ids.has(id)) throw new ProtektorError('author-signature.grammar', 'two elements with the same Id')
      ids.add(id)
    }
    for (const c of e.children) if (c.kind === 'element') stack.push(c)
  }
  const only = found[0]
  if (!only || found.length > 1) throw new ProtektorError('author-signature.grammar', only ? 'more than one signature' : 'no signature')
  return only
}

function readEnveloped(root: XmlElement, e: XmlElement): { transforms: string[]; digestMethod: string; digestValue: Uint8Array } {
  const layer = 'author-signature'
  const fail = (message: string): never => {
    throw new ProtektorError('author-signature.grammar', message)
  }
  attributes(e, layer, ['Id'])
  const children = new Children(e, layer)
  const info = new Children(bare(children.one(DS, 'SignedInfo'), layer), layer)
  leafOctets(children.one(DS, 'SignatureValue'), layer)
  children.optional(DS, 'KeyInfo')
  children.end()
  const canonicalization = info.one(DS, 'CanonicalizationMethod')
  const method = info.one(DS, 'SignatureMethod')
  const reference = info.one(DS, 'Reference')
  info.end()
  new Children(canonicalization, layer).end()
  new Children(method, layer).end()
  if (![C14N, EXC_C14N].includes(algorithm(canonicalization, layer))) fail('canonicalization method is not allowed')
  const uri = attributes(reference, layer, ['URI', 'Id', 'Type']).get('URI')
  const id = attributeOf(root, 'Id')
  if (uri !== '' && (id === undefined || uri !== `#${id}`)) fail('the reference does not cover the document')
  const inReference = new Children(reference, layer)
  const list = new Children(bare(inReference.one(DS, 'Transforms'), layer), layer)
  const digestMethod = inReference.one(DS, 'DigestMethod')
  const digestValue = leafOctets(bare(inReference.one(DS, 'DigestValue'), layer), layer)
  inReference.end()
  const transforms = list.many(DS, 'Transform').map((t) => {
    new Children(t, layer).end()
    return algorithm(t, layer)
  })
  list.end()
  if (transforms[0] !== ENVELOPED || transforms.length > 2 || (transforms[1] !== undefined && ![C14N, EXC_C14N].includes(transforms[1])))
    fail('transforms are not allowed')
  return { transforms, digestMethod: algorithm(digestMethod, layer), digestValue }
}

/** Asks xml-crypto, with registries of our making. */
function ask(document: XmlDocument, signature: XmlElement, key: KeyObject, transforms: readonly string[]): Opinion {
  const method = attributeOf(signature.children.filter(isElement).flatMap((c) => c.children.filter(isElement)).find((c) => c.local === 'SignatureMethod') ?? signature, 'Algorithm') ?? '' // prettier-ignore
  const row = algorithms.signature(method)
  if (!row) return { verdict: 'error', reasons: ['signature method is not allowed'] }
  const reason = unfit(row, key, algorithms)
  if (reason) return { verdict: reason.rule === 'key-size' ? 'error' : 'invalid', reasons: [reason.message] }
  const signed = new SignedXml({ publicCert: key.export({ type: 'spki', format: 'pem' }), getCertFromKeyInfo: () => null })
  signed.idAttributes = ['Id']
  signed.SignatureAlgorithms = { [row.uri]: signatureClass(row) }
  signed.HashAlgorithms = Object.fromEntries(
    ALGORITHMS.filter((r): r is DigestRow => r.kind === 'digest' && r.signature === 'allowed').map((r) => [r.uri, hashClass(r)]),
  )
  const strange = digestMethods(signature).find((uri) => !(uri in signed.HashAlgorithms))
  if (strange !== undefined) return { verdict: 'error', reasons: ['digest method is not allowed'] }
  const known = signed.CanonicalizationAlgorithms
  const own: typeof known = { [BASE64]: Base64Transform, [ENVELOPED]: EnvelopedTransform }
  signed.CanonicalizationAlgorithms = Object.fromEntries(
    transforms.flatMap((uri) => {
      const transform = own[uri] ?? (known[uri] && inOrder(known[uri]))
      return transform ? [[uri, transform]] : []
    }),
  )
  try {
    return quietly(() => {
      signed.loadSignature(canonicalText(signature))
      return signed.checkSignature(withTightEndTags(document))
        ? { verdict: 'valid', reasons: [] }
        : { verdict: 'invalid', reasons: ['digest mismatch'] }
    })
  } catch {
    return { verdict: 'invalid', reasons: ['signature value or reference does not hold'] }
  }
}

interface Named {
  readonly prefix: string
  readonly namespaceURI: string | null
  readonly localName: string
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * xml-crypto puts prefixes into the order of a language, `b` before `Z`, and takes namespace and name of an attribute for one word. Canonical
 * is the order of code points [C14N10 §2.2].
 */
function inOrder(base: TransformClass): TransformClass {
  return class extends base {
    nsCompare = (a: Named, b: Named): number => compare(a.prefix, b.prefix)
    attrCompare = (a: Named, b: Named): number => compare(a.namespaceURI ?? '', b.namespaceURI ?? '') || compare(a.localName, b.localName)
  }
}
type TransformClass = SignedXml['CanonicalizationAlgorithms'][string]

/** `</a >` as `</a>`: xml-crypto's parser looks for the end of an element by its tag alone, and takes one without it for empty. */
function withTightEndTags({ text, root }: XmlDocument): string {
  const cuts: (readonly [from: number, to: number])[] = []
  const open = [root]
  for (let e = open.pop(); e; e = open.pop()) {
    open.push(...elementsOf(e))
    const tag = text.slice(text.lastIndexOf('<', e.end - 1), e.end)
    const blanks = /^<\/[^ \t\r\n>]+([ \t\r\n]+)>$/.exec(tag)?.[1]
    if (blanks !== undefined) cuts.push([e.end - 1 - blanks.length, e.end - 1])
  }
  let tight = ''
  let at = 0
  for (const [from, to] of cuts.sort(([a], [b]) => a - b)) {
    tight += text.slice(at, from)
    at = to
  }
  return tight + text.slice(at)
}

/** xml-crypto's parser tells the console what it stumbles over: no line of ours, and none of our log (L1). */
function quietly<T>(act: () => T): T {
  const { warn, error } = console
  console.warn = console.error = () => undefined
  try {
    return act()
  } finally {
    Object.assign(console, { warn, error })
  }
}

const isElement = (n: XmlNode): n is XmlElement => n.kind === 'element'

const digestMethods = (signature: XmlElement): string[] =>
  elementsOf(signature)
    .flatMap(elementsOf)
    .flatMap(elementsOf)
    .filter((e) => e.local === 'DigestMethod')
    .map((e) => attributeOf(e, 'Algorithm') ?? '')

/** xml-crypto carries strings from transform to digest: octets go as one character each, behind one that no XML can hold. */
const OCTETS = '\0'

function hashClass(row: DigestRow): new () => HashAlgorithm {
  return class {
    getAlgorithmName = (): string => row.uri
    getHash = (text: string): string => {
      const octets = text.startsWith(OCTETS) ? Buffer.from(text.slice(OCTETS.length), 'latin1') : Buffer.from(text, 'utf8')
      return createHash(row.hash).update(octets).digest('base64')
    }
  }
}

function signatureClass(row: SignatureRow): new () => SignatureAlgorithm {
  return class {
    getAlgorithmName = (): string => row.uri
    getSignature = (): string => {
      throw new Error('nothing is signed here')
    }
    verifySignature = (material: string, key: unknown, value: string): boolean => {
      const octets = decodeBase64(value)
      return (
        octets !== undefined &&
        verify(row.hash, Buffer.from(material, 'utf8'), { key: createPublicKey(key as string), ...paddingOf(row) }, octets)
      )
    }
  }
}

/** What the two transforms below need of a DOM node. */
interface DomNode {
  readonly localName: string | null
  readonly namespaceURI: string | null
  readonly textContent: string | null
  readonly childNodes: ArrayLike<DomNode>
  removeChild(child: DomNode): unknown
}

class Base64Transform implements CanonicalizationOrTransformationAlgorithm {
  includeComments = false
  getAlgorithmName(): string {
    return BASE64
  }
  process(node: unknown): string {
    const octets = decodeBase64((node as DomNode).textContent ?? '')
    if (!octets) throw new Error('no base64')
    return OCTETS + Buffer.from(octets).toString('latin1')
  }
}

class EnvelopedTransform implements CanonicalizationOrTransformationAlgorithm {
  includeComments = false
  getAlgorithmName(): string {
    return ENVELOPED
  }
  /** Removes the one signature that the grammar has found below the root. */
  process(node: unknown): ReturnType<CanonicalizationOrTransformationAlgorithm['process']> {
    const root = node as DomNode
    for (const child of Array.from(root.childNodes))
      if (child.localName === 'Signature' && child.namespaceURI === DS) root.removeChild(child)
    return node as ReturnType<CanonicalizationOrTransformationAlgorithm['process']>
  }
}
