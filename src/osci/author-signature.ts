// SPDX-License-Identifier: EUPL-1.2
/**
 * Author signatures: who wrote a content container. The reference set must equal the container's parts: every Content (data by its
 * decoded bytes), every encrypted child, every attachment named by it or by containers nested in it (plain bytes).
 *
 * Two things were measured of the reference library that the specification says otherwise (fixtures/foreign, `nested-…`): it digests an
 * encrypted child without the namespace declarations of its canonical form, and leaves out attachments inside of it.
 * Specs: osci-1.2 §6.2; wire facts 39–42, 48; threat model §5 rule 11.
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import { ProtektorError, SignatureError, type Place } from '../errors.js'
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
import { attributeOf, isElement, placeOf, xpathOf, type XmlElement } from '../xml/tree.js'
import { turnsFor } from './breathe.js'
import { signerCertificate } from './certificates.js'
import type { AuthorReport } from './content-types.js'
import { BASE64_TRANSFORM, ENVELOPE_NAMESPACES, XENC, type C14N } from './names.js'
import type { CertificateEntry, OsciEnv, Remark } from './types.js'

/** One thing that an author signature has to cover: an element by its canonical form, or octets; undefined where a key is missing. */
export interface AuthorTarget {
  readonly uri: string
  readonly transform: typeof C14N | typeof BASE64_TRANSFORM | undefined
  readonly what: XmlElement | Uint8Array | undefined
  /** Where octets stand in the message, unless in a part of their own. */
  readonly element?: XmlElement
  /** An attachment whose ciphertext has a tag: whoever signs its key has signed it. */
  readonly bound?: boolean
}

const SIGNER_ROLES: ReadonlySet<string> = new Set([
  'SignatureCertificateOriginator',
  'SignatureCertificateOtherAuthor',
  'SignatureCertificateAddressee',
])

const wrong = (rule: string, why: string, at?: Place): SignatureError => new SignatureError('9601', `author-signature.${rule}`, why, at)

/** Where a part lies: its element, else its name as the signature says it. */
const placeOfTarget = ({ uri, element, what }: AuthorTarget): Place => {
  const e = element ?? (what instanceof Uint8Array ? undefined : what)
  return e ? placeOf(e) : { xpath: uri }
}

function authorCertificate(signature: Signature, certificates: readonly CertificateEntry[]): X509Certificate {
  const named = certificates.find((c) => c.id === signature.retrievalUri && SIGNER_ROLES.has(c.role))
  if (!named) throw wrong('signer-unknown', 'the author signature names no signature certificate of this message')
  return signerCertificate(named.der, 'author-signature')
}

/** XAdES SignedProperties of this very signature may be referenced, without transform. */
function signedProperties({ signedProperties: properties }: Signature): AuthorTarget[] {
  const id = properties && attributeOf(properties, 'Id')
  return properties && id !== undefined ? [{ uri: `#${id}`, transform: undefined, what: properties }] : []
}

const decoded = (uri: string): string => {
  try {
    return decodeURIComponent(uri)
  } catch {
    return uri
  }
}

/** References by their URI, raw and percent-decoded. */
export function referencesByUri(signature: Signature): ReadonlyMap<string, readonly Reference[]> {
  const found = new Map<string, Reference[]>()
  for (const r of signature.references)
    for (const uri of new Set([r.uri, r.uri.startsWith('cid:') ? decoded(r.uri) : r.uri])) {
      const same = found.get(uri)
      if (same) same.push(r)
      else found.set(uri, [r])
    }
  return found
}

function pair(signature: Signature, targets: readonly AuthorTarget[], optional: readonly AuthorTarget[], hidden: boolean) {
  const named = referencesByUri(signature)
  const left = new Set(signature.references)
  const pairs: (readonly [AuthorTarget, Reference])[] = []
  // an attachment that several contents name is one target, referenced once (osci-1.2 §6.2: a set)
  for (const target of new Set([...targets, ...optional])) {
    const [hit, twice] = named.get(target.uri) ?? []
    if (twice) throw wrong('repeated-reference', 'a part is referenced twice', placeOf(twice.element))
    if (!hit && !optional.includes(target)) throw wrong('not-covered', 'a part of the container is not signed', placeOfTarget(target))
    if (!hit) continue
    left.delete(hit)
    pairs.push([target, hit])
  }
  const stray = [...left]
  // attachments of containers that stay closed cannot be told from strays: then the verdict is "unchecked", never "valid"
  const [first] = stray
  if (first && !(hidden && stray.every((r) => r.uri.startsWith('cid:'))))
    throw wrong('stray-reference', 'the author signature refers to something outside its container', placeOf(first.element))
  return { pairs, incomplete: stray.length > 0 }
}

/** Many signatures over one large attachment digest it once. */
const digests = new WeakMap<AuthorTarget, Map<string, Uint8Array>>()

async function digestOf(target: AuthorTarget, method: string, env: OsciEnv): Promise<Uint8Array | undefined> {
  const { what } = target
  if (what === undefined) return undefined
  const known = digests.get(target) ?? new Map<string, Uint8Array>()
  digests.set(target, known)
  const before = known.get(method)
  if (before) return before
  const { signature: algorithms } = env.algorithms
  const made =
    what instanceof Uint8Array
      ? digest(algorithms, method, what, 'author-signature')
      : await digestElement(algorithms, method, what, 'author-signature', turnsFor(env, what.end - what.start, 'content'))
  known.set(method, made)
  return made
}

/** As the reference library digests an encrypted child. What its prefixes mean is fixed, so that nothing is left open. */
export const LIBRARY_FORM = { implied: ENVELOPE_NAMESPACES } as const

async function isInLibraryForm({ what }: AuthorTarget, { digestMethod, digestValue }: Reference, env: OsciEnv): Promise<boolean> {
  if (what === undefined || what instanceof Uint8Array || !isElement(what, XENC, 'EncryptedData')) return false
  const turn = turnsFor(env, what.end - what.start, 'content')
  const made = await digestElement(env.algorithms.signature, digestMethod, what, 'author-signature', turn, LIBRARY_FORM)
  return sameOctets(made, digestValue)
}

/** @returns true when checked, false when it could not be. @throws {SignatureError} when the digest is wrong. */
async function checkDigest(target: AuthorTarget, reference: Reference, remarks: Remark[], env: OsciEnv): Promise<boolean> {
  const transforms = reference.transforms
  const [first, ...more] = transforms
  if (target.transform === BASE64_TRANSFORM && first === BASE64_TRANSFORM && more.length > 0) return false
  if (first !== target.transform || more.length > 0)
    throw wrong('transform', 'a reference is transformed in a way that is not allowed', placeOf(reference.element))
  const algorithms = env.algorithms.signature
  if (!algorithms.digest(reference.digestMethod)) throw wrong('algorithm', 'this digest is not allowed')
  const value = await digestOf(target, reference.digestMethod, env)
  if (!value) return false
  if (sameOctets(value, reference.digestValue)) return true
  if (!(await isInLibraryForm(target, reference, env))) {
    const why = whyWrongDigest(value, reference) ?? 'a signed part was changed, or digested in another way'
    throw wrong('digest-mismatch', why, placeOfTarget(target))
  }
  remarks.push({ finding: 'author-signature.undeclared-namespaces', element: reference.element })
  return true
}

/**
 * Verifies one author signature.
 * @param targets what must be covered; @param optional what may be; @param hidden the container holds content that stayed closed.
 */
export async function verifyAuthor(
  element: XmlElement,
  targets: readonly AuthorTarget[],
  optional: readonly AuthorTarget[],
  hidden: boolean,
  certificates: readonly CertificateEntry[],
  env: OsciEnv,
): Promise<AuthorReport> {
  const report: { certificate?: X509Certificate; algorithm?: string; digestMethods: string[]; covered: string[]; remarks: Remark[] } = {
    digestMethods: [],
    covered: [],
    remarks: [],
  }
  try {
    const signature = readSignature(element, 'author-signature')
    report.algorithm = signature.signatureMethod
    report.covered = signature.references.map((r) => r.uri)
    report.digestMethods = [...new Set(signature.references.map((r) => r.digestMethod))]
    report.certificate = authorCertificate(signature, certificates)
    if (!env.algorithms.signature.canonicalization(signature.canonicalizationMethod))
      throw wrong('algorithm', 'this canonical form is not allowed')
    if (!verifyValue(signature, report.certificate, env.algorithms.signature))
      throw wrong('value-mismatch', whyWrongValue(signature, report.certificate, env.algorithms.signature))
    const { pairs, incomplete } = pair(signature, targets, [...signedProperties(signature), ...optional], hidden)
    let complete = !incomplete
    for (const [target, reference] of pairs) complete = (await checkDigest(target, reference, report.remarks, env)) && complete
    if (complete) return { verdict: 'valid', ...report }
    const problem = new ProtektorError(
      'author-signature.not-verifiable',
      'a part that the author signed cannot be read here',
      placeOf(element),
    )
    return { verdict: 'unchecked', ...report, problem }
  } catch (cause) {
    if (cause instanceof ProtektorError) return { verdict: 'invalid', ...report, problem: cause.placedAt(placeOf(element)) }
    const problem = new ProtektorError('author-signature.check-failed', 'the author signature could not be checked', {
      cause,
      xpath: xpathOf(element),
    })
    return { verdict: 'error', ...report, problem }
  }
}
