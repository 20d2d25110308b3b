// SPDX-License-Identifier: EUPL-1.2
/**
 * Trust: is there a path from a certificate to a root we configured, at a given moment, for a given use?
 *
 *   leaf (CA:false, usage) ── intermediate* (CA:true, keyCertSign) ── root (configured)      at most 5 certificates
 *
 * Paths are built and signatures checked with node:crypto, which knows every curve of the field (brainpool too); pkijs reads
 * CRLs and OCSP answers, and judges paths with name or policy constraints. Revocation data comes in, or through a port:
 * an address in a certificate is asked only after the path holds, and the port decides where it may go.
 * Specs: [RFC5280 §6], [RFC6960], osci-1.2 §5.4, §9.3; threat model G10.
 * @module
 */
import { verify, X509Certificate } from 'node:crypto'
import * as pkijs from 'pkijs'
import type { RevocationFact, TrustDetails, TrustStore, TrustVerdict } from '../env.js'
import { basicConstraints, extensions, isCa, keyUsage, publicKeyFacts, sha256Hex } from './certificate.js'
import { allowsUse, timeVerdict, type CertificateUsage } from './pinned.js'
import { hasWeakSignature, revocationAddresses } from './extensions.js'
import { readAll, readTlv } from './der.js'
import { isListed, isListOf, readRevocationList, silenceOf, type RevocationList } from './revocation-list.js'
import { verificationOf } from './signature-value.js'

const MAX_PATH = 5
const MAX_KEPT = 4096
const MAX_SEARCHED = 64
const CONSTRAINTS = ['2.5.29.30', '2.5.29.33', '2.5.29.36', '2.5.29.54']
/** Critical extensions whose meaning is honoured here or by pkijs [RFC5280 §4.2]. */
const UNDERSTOOD = new Set(['2.5.29.14', '2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.32', '2.5.29.35', '2.5.29.37', ...CONSTRAINTS])
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'

/** Fetches revocation data. Undefined or a throw: nothing could be had. The implementation owns allow-list and time limit. */
export interface RevocationPort {
  crl?(url: string): Promise<Uint8Array | undefined>
  ocsp?(url: string, request: Uint8Array): Promise<Uint8Array | undefined>
}

export interface TrustStoreOptions {
  readonly roots: readonly X509Certificate[]
  readonly intermediates?: readonly X509Certificate[]
  /** DER. */
  readonly crls?: readonly Uint8Array[]
  readonly port?: RevocationPort
  /** `required`: without fresh revocation data the verdict is `unchecked`. Default `if-known`. */
  readonly revocation?: 'if-known' | 'required'
}

/** A store that builds paths. Answers are kept per certificate, use and minute. @throws never: what cannot be judged is not valid. */
export function trustStore(options: TrustStoreOptions): TrustStore {
  const crls = (options.crls ?? []).map(readRevocationList)
  const kept = new Map<string, Promise<TrustVerdict>>()
  return {
    check(certificate, usage, at) {
      const key = `${sha256Hex(certificate)} ${usage} ${Math.floor(at.getTime() / 60_000)}`
      const known = kept.get(key)
      if (known !== undefined) return known
      const answer = judge(certificate, usage, at, options, crls).catch((): TrustVerdict => ({ verdict: 'unknown', path: [certificate] }))
      kept.set(key, answer)
      const oldest = kept.size > MAX_KEPT ? kept.keys().next().value : undefined
      if (oldest !== undefined) kept.delete(oldest)
      return answer
    },
  }
}

async function judge(
  certificate: X509Certificate,
  usage: CertificateUsage,
  at: Date,
  options: TrustStoreOptions,
  crls: readonly RevocationList[],
): Promise<TrustVerdict> {
  const found = findPath(certificate, options, at)
  const fitsUse = !isCa(certificate) && allowsUse(certificate, usage)
  if (found.path === undefined) {
    const { verdict, issuerSignature } = found
    const inTime = timeVerdict([certificate], at) === undefined
    return { verdict, path: [certificate], details: { issuerSignature, inTime, fitsUse, isComplete: false } }
  }
  const { path } = found
  const time = timeVerdict(path, at)
  const proven: Omit<TrustDetails, 'isComplete'> = { issuerSignature: 'ok', inTime: time === undefined, fitsUse }
  if (
    path.some((one) => [...extensions(one)].some(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid))) ||
    !(await constraintsHold(path, at))
  )
    return { verdict: 'unknown', path, details: { ...proven, isComplete: false } }
  const { isUnchecked, fact } = await revocationOf(path, at, options, crls)
  const details: TrustDetails = { ...proven, isComplete: !isUnchecked, ...(fact === undefined ? {} : { revocation: fact }) }
  if (fact?.status === 'revoked') return { verdict: 'revoked', path, details }
  if (time !== undefined) return { verdict: time, path, details }
  if (!fitsUse) return { verdict: 'wrong-usage', path, details }
  return { verdict: isUnchecked ? 'unchecked' : 'valid', path, details }
}

type Found =
  | { readonly path: readonly X509Certificate[] }
  | {
      readonly path: undefined
      readonly verdict: 'unknown' | 'bad-signature'
      readonly issuerSignature: TrustDetails['issuerSignature']
    }

/** Depth first; a path valid at that moment wins over one that is not (a CA may have been renewed under the same key). */
function findPath(leaf: X509Certificate, { roots, intermediates = [] }: TrustStoreOptions, at: Date): Found {
  let outOfTime: readonly X509Certificate[] | undefined
  let hasForgery = false
  let hasWeakness = false
  let searched = 0
  const climb = (path: readonly X509Certificate[]): readonly X509Certificate[] | undefined => {
    const last = path[path.length - 1] ?? leaf
    if (++searched > MAX_SEARCHED) return undefined
    if (roots.some((root) => root.raw.equals(last.raw))) {
      if (timeVerdict(path, at) === undefined) return path
      outOfTime ??= path
      return undefined
    }
    if (path.length >= MAX_PATH) return undefined
    for (const issuer of [...roots, ...intermediates]) {
      if (path.some((one) => one.raw.equals(issuer.raw)) || !last.checkIssued(issuer) || !mayIssue(issuer, path.length - 1)) continue
      const isForged = !last.verify(issuer.publicKey)
      hasForgery ||= isForged
      hasWeakness ||= !isForged && hasWeakSignature(last)
      if (isForged || hasWeakSignature(last)) continue
      const complete = climb([...path, issuer])
      if (complete !== undefined) return complete
    }
    return undefined
  }
  const path = climb([leaf]) ?? outOfTime
  if (path !== undefined) return { path }
  // Right by its numbers, but anybody could have made it: nothing is proven either way.
  const issuerSignature = hasForgery ? 'corrupted' : 'indeterminate'
  return { path, verdict: hasForgery || hasWeakness ? 'bad-signature' : 'unknown', issuerSignature }
}

/** @param below CA certificates between this issuer and the leaf. */
function mayIssue(issuer: X509Certificate, below: number): boolean {
  const constraints = basicConstraints(issuer)
  const { type, bits } = publicKeyFacts(issuer)
  const isStrong = (type === 'rsa' && bits >= 2048) || (type === 'ec' && bits >= 250)
  return (
    constraints?.ca === true && below <= (constraints.pathLength ?? Infinity) && keyUsage(issuer)?.has('keyCertSign') !== false && isStrong
  )
}

/** Name and policy constraints are rare and intricate: pkijs judges the path that has them. */
async function constraintsHold(path: readonly X509Certificate[], at: Date): Promise<boolean> {
  if (!path.some((one) => CONSTRAINTS.some((oid) => extensions(one).has(oid)))) return true
  const read = path.map((one) => pkijs.Certificate.fromBER(copy(one.raw)))
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: read.slice(-1),
    certs: read.slice(0, -1).reverse(),
    checkDate: at,
    // who issued whom is proven; pkijs could not prove it again where a curve is none of WebCrypto's
    findIssuer: (certificate) => Promise.resolve(read.slice(1).filter((_, below) => read[below] === certificate)),
  })
  return (await engine.verify()).result
}

interface RevocationOfPath {
  /** Data were demanded or given, and say nothing that holds now. */
  readonly isUnchecked: boolean
  /** Of what is revoked, wherever in the path; else of the leaf, provided nothing above it is in doubt. */
  readonly fact?: RevocationFact
}

async function revocationOf(
  path: readonly X509Certificate[],
  at: Date,
  options: TrustStoreOptions,
  crls: readonly RevocationList[],
): Promise<RevocationOfPath> {
  let isUnchecked = false
  let ofLeaf: RevocationFact | undefined
  for (const [i, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[i + 1] ?? certificate
    let told = await byCrls(certificate, issuer, at, crls)
    if (told === undefined || told === 'stale') told = (await byPort(certificate, issuer, at, options.port)) ?? told
    if (told === 'stale' || (told === undefined && options.revocation === 'required')) isUnchecked = true
    else if (told?.status === 'revoked') return { isUnchecked: false, fact: told }
    else if (i === 0) ofLeaf = told
  }
  return { isUnchecked, ...(isUnchecked || ofLeaf === undefined ? {} : { fact: ofLeaf }) }
}

/** `stale`: there are data, but none that hold now. undefined: there are none. */
type Told = RevocationFact | 'stale' | undefined

async function byCrls(certificate: X509Certificate, issuer: X509Certificate, at: Date, crls: readonly RevocationList[]): Promise<Told> {
  const read = pkijs.Certificate.fromBER(copy(certificate.raw))
  let newest: RevocationFact | undefined
  let hasDoubtful = false
  for (const crl of crls) {
    if (!crl.frame.issuer.isEqual(read.issuer)) continue
    const made = crl.thisUpdate
    const holds = await isListOf(crl, issuer)
    if (holds && isListed(crl, certificate, at)) return { status: 'revoked', source: 'crl', at: made }
    const silence = holds ? silenceOf(crl, certificate) : 'part'
    if (silence === 'nothing') continue
    // A list in this issuer's name that cannot be checked must not pass for "nothing revoked"; nor one that tells only a part.
    if (silence === 'part' || made > at || (crl.nextUpdate !== undefined && at > crl.nextUpdate)) hasDoubtful = true
    else if (newest === undefined || newest.at < made) newest = { status: 'good', source: 'crl', at: made }
  }
  return newest ?? (hasDoubtful ? 'stale' : undefined)
}

async function byPort(certificate: X509Certificate, issuer: X509Certificate, at: Date, port: RevocationPort | undefined): Promise<Told> {
  if (port === undefined) return undefined
  const addresses = revocationAddresses(certificate)
  let told: Told
  for (const url of port.ocsp === undefined ? [] : addresses.ocsp) {
    told = await quietly(() => byOcsp(certificate, issuer, at, url, port))
    if (told !== undefined && told !== 'stale') return told
  }
  for (const url of port.crl === undefined ? [] : addresses.crl) {
    const found = await quietly(async () => {
      const der = await port.crl?.(url)
      return der === undefined ? undefined : byCrls(certificate, issuer, at, [readRevocationList(der)])
    })
    if (found !== undefined && found !== 'stale') return found
    told ??= found
  }
  return told
}

async function quietly(ask: () => Promise<Told>): Promise<Told> {
  try {
    return await ask()
  } catch {
    // No answer, or nonsense for an answer: both mean that nothing is known.
    return undefined
  }
}

async function byOcsp(certificate: X509Certificate, issuer: X509Certificate, at: Date, url: string, port: RevocationPort): Promise<Told> {
  const subject = pkijs.Certificate.fromBER(copy(certificate.raw))
  const issuerCertificate = pkijs.Certificate.fromBER(copy(issuer.raw))
  const request = new pkijs.OCSPRequest()
  await request.createForCertificate(subject, { hashAlgorithm: 'SHA-1', issuerCertificate })
  const answer = await port.ocsp?.(url, new Uint8Array(request.toSchema(true).toBER(false)))
  if (answer === undefined) return undefined
  const bytes = pkijs.OCSPResponse.fromBER(copy(answer)).responseBytes
  if (bytes === undefined) return undefined
  const response = pkijs.BasicOCSPResponse.fromBER(copy(bytes.response.valueBlock.valueHexView))
  if (!isSignedFor(response, issuer, at)) return undefined
  const status = await response.getCertificateStatus(subject, issuerCertificate)
  const [single, ...more] = response.tbsResponseData.responses
  // One request, one answer: more would let an answer for another certificate vouch for freshness.
  if (!status.isForCertificate || single === undefined || more.length > 0) return undefined
  const fact = { source: 'ocsp', at: single.thisUpdate, response: answer } as const
  if (status.status === 1) return { ...fact, status: 'revoked' }
  const isFresh = single.thisUpdate <= at && (single.nextUpdate === undefined || at <= single.nextUpdate)
  return status.status === 0 ? (isFresh ? { ...fact, status: 'good' } : 'stale') : undefined
}

/** Signed by the issuer itself, or by a certificate it issued for just that [RFC6960 §4.2.2.2]. */
function isSignedFor(response: pkijs.BasicOCSPResponse, issuer: X509Certificate, at: Date): boolean {
  const delegates = (response.certs ?? [])
    .map((certificate) => new X509Certificate(Buffer.from(certificate.toSchema(true).toBER(false))))
    .filter((one) => one.checkIssued(issuer) && one.verify(issuer.publicKey) && !hasWeakSignature(one))
    .filter((one) => one.keyUsage?.includes(OCSP_SIGNING) === true && timeVerdict([one], at) === undefined)
  const { signature, signatureAlgorithm, tbsResponseData } = response
  const algorithm = readAll(readTlv(Buffer.from(signatureAlgorithm.toSchema().toBER(false))).value)
  return [issuer, ...delegates].some((signer) => {
    const how = verificationOf(algorithm, signer)
    return how !== undefined && verify(how.hash, tbsResponseData.tbsView, how.key, signature.valueBlock.valueHexView)
  })
}

/** pkijs reads whole buffers: a view into a larger one is copied out first. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes)
}
