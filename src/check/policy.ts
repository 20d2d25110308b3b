// SPDX-License-Identifier: EUPL-1.2
/**
 * Policy layer: what the message uses, held against the algorithm table. Nothing is executed here; forbidden use is an error, legacy use and
 * small keys are warnings, and the signature's verdict stays what mathematics says (threat model §7, "Offline inspection"). What counts are
 * the rules of the day for which the file is judged (policy-dates.ts).
 * @module
 */
import type { X509Certificate } from 'node:crypto'
import type { KeyTransport } from '../env.js'
import { ProtektorError } from '../errors.js'
import { publicKeyFacts, readCertificate, signatureAlgorithmOid, subjectRfc2253 } from '../pki/certificate.js'
import { algorithmOf, CURVES, policyOf, type Where } from '../xml/algorithms.js'
import type { Signature } from '../xml/dsig.js'
import type { EncryptedData } from '../xml/xenc.js'
import { DEFAULT_TIME_ZONE, dayIn } from '../xoev/time-zone.js'
import type { Journal } from './journal.js'
import { datesOf, GCM_IV12_FROM, RSA_SIZES, WEAK_CERTIFICATE_SIGNATURES } from './policy-dates.js'
import type { Raised } from './types.js'

const SHA1 = 'http://www.w3.org/2000/09/xmldsig#sha1'
const MGF1_SHA1 = 'http://www.w3.org/2009/xmlenc11#mgf1sha1'

/** The day that counts, in the time zone of the authorities whose dates these are. */
const dayOf = (journal: Journal): string => dayIn(journal.at, DEFAULT_TIME_ZONE)

type Finding = 'forbidden-algorithm' | 'legacy-algorithm' | 'once-allowed' | 'not-yet-in-profile' | 'discouraged-algorithm'

/** What an algorithm is at a place on a day; undefined: in order. */
export function algorithmFinding(uri: string, where: Where, day: string): Finding | undefined {
  const today = policyOf(uri, where)
  const dates = datesOf(uri, where)
  if (today !== 'allowed') {
    if (dates?.until !== undefined && day <= dates.until) return 'once-allowed'
    return today === 'forbidden' ? 'forbidden-algorithm' : 'legacy-algorithm'
  }
  if (dates?.from !== undefined && day < dates.from) return 'not-yet-in-profile'
  return dates?.discouragedFrom !== undefined && day >= dates.discouragedFrom ? 'discouraged-algorithm' : undefined
}

const IDS: Readonly<Record<Finding, string>> = {
  'forbidden-algorithm': 'policy.forbidden-algorithm',
  'legacy-algorithm': 'policy.legacy-algorithm',
  'once-allowed': 'policy.once-allowed',
  'not-yet-in-profile': 'policy.not-yet-in-profile',
  'discouraged-algorithm': 'policy.discouraged-algorithm',
}

function judge(journal: Journal, uri: string, where: Where, at: Raised): void {
  journal.note('policy')
  const found = algorithmFinding(uri, where, dayOf(journal))
  if (found === undefined) return
  const { until, from } = datesOf(uri, where) ?? {}
  const date = found === 'once-allowed' ? `, until ${until ?? ''}` : found === 'not-yet-in-profile' ? `, since ${from ?? ''}` : ''
  journal.raise(IDS[found], { ...at, detail: `${algorithmOf(uri)?.name ?? 'unknown algorithm'} (${uri}), ${where}${date}` })
}

/** Canonical form, transforms, digests and method of a signature. */
export function judgeSignature(journal: Journal, signature: Signature): void {
  const uris = [
    signature.canonicalizationMethod,
    signature.signatureMethod,
    ...signature.references.flatMap((r) => [r.digestMethod, ...r.transforms]),
  ]
  judgeUris(journal, uris, 'signature', { element: signature.element })
}

/** Algorithms, each once. */
export function judgeUris(journal: Journal, uris: readonly string[], where: Where, at: Raised): void {
  for (const uri of new Set(uris)) judge(journal, uri, where, at)
}

/** Cipher, IV and key transports of an EncryptedData. */
export function judgeEncryption(journal: Journal, data: EncryptedData, where: 'transport' | 'content'): void {
  judge(journal, data.cipher, where, { element: data.element })
  const row = algorithmOf(data.cipher)
  const asksForShortIv = dayOf(journal) >= GCM_IV12_FROM
  if (row?.kind === 'cipher' && row.mode === 'gcm') {
    const { ivLength = 16, element } = data
    if (ivLength === 16 && asksForShortIv) journal.raise('policy.gcm-iv16', { element, detail: row.name })
    if (!row.ivBytes.includes(ivLength))
      journal.raise('policy.forbidden-algorithm', { element, detail: `${row.name} with an initialisation vector of ${ivLength} bytes` })
  }
  for (const { keyTransport } of data.keys) for (const uri of urisOf(keyTransport)) judge(journal, uri, where, { element: data.element })
}

/** What is not said is SHA-1: so W3C has it, and whoever has no key must hear of it, too. */
function urisOf({ algorithm, digest, mgf }: KeyTransport): readonly string[] {
  const row = algorithmOf(algorithm)
  const isOpen = row?.kind === 'key-transport' && row.padding === 'oaep' && row.content !== 'forbidden'
  const said = [digest ?? (isOpen ? SHA1 : undefined), mgf ?? (isOpen ? MGF1_SHA1 : undefined)]
  return [algorithm, ...said.filter((uri) => uri !== undefined)]
}

/**
 * Kind and size of the key in a certificate, and how its issuer signed it.
 * @param at where the certificate stands, or what it is used for.
 */
export function judgeKey(journal: Journal, certificate: X509Certificate, at: Raised): void {
  journal.note('policy')
  const { type, bits, curve } = publicKeyFacts(certificate)
  const detail = `${type.toUpperCase()} ${curve ?? `${bits} bit`}: ${subjectRfc2253(certificate)}`
  const forbidden = type === 'rsa' ? bits < RSA_SIZES.forbiddenBelow : !CURVES.has(curve ?? '')
  const isSmall = type === 'rsa' && bits < RSA_SIZES.smallBelow && dayOf(journal) > RSA_SIZES.smallUntil
  if (forbidden) journal.raise('policy.forbidden-key', { ...at, detail })
  else if (isSmall) journal.raise('policy.small-key', { ...at, detail })
  const weak = WEAK_CERTIFICATE_SIGNATURES[signatureAlgorithmOid(certificate)]
  if (weak !== undefined) journal.raise('policy.certificate-signature', { ...at, detail: `${weak}: ${subjectRfc2253(certificate)}` })
}

/** As {@link judgeKey}; a certificate that cannot be read is a finding of the layer `certificates`. */
export function judgeKeyOf(journal: Journal, der: Uint8Array, at: Raised): void {
  let certificate: X509Certificate
  try {
    certificate = readCertificate(der)
  } catch (cause) {
    if (!(cause instanceof ProtektorError)) journal.caught('certificates', cause)
    else journal.raise(cause.finding, { ...at, detail: cause.message })
    return
  }
  judgeKey(journal, certificate, at)
}
