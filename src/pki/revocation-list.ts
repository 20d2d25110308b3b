// SPDX-License-Identifier: EUPL-1.2
/**
 * Revocation lists: what a store asks of one, however long it is.
 *
 *   CertificateList ─┬─ tbsCertList ─┬─ issuer, thisUpdate, nextUpdate, extensions   few bytes, read by pkijs
 *                    │               └─ revokedCertificates                          megabytes: walked through, never made objects of
 *                    └─ signature over the bytes as they came
 *
 * pkijs makes some twenty objects of every entry: with 100,000 entries seconds of the main thread, and hundreds of megabytes. A walk over
 * their heads takes milliseconds, so that neither a thread nor an index is needed.
 * Specs: [RFC5280 §5.1, §5.2].
 * @module
 */
import { verify, type X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { fromBER } from 'asn1js'
import * as pkijs from 'pkijs'
import { extensions, isCa, keyUsage, serialOctets } from './certificate.js'
import { expectTag, readAll, readSpan, readTlv, TAG, writeTlv, type Tlv } from './der.js'
import { verificationOf } from './signature-value.js'

export interface RevocationList {
  /** Everything but the entries. */
  readonly frame: pkijs.CertificateRevocationList
  /** What stands in `revokedCertificates`, entry by entry. */
  readonly entries: Buffer
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly signed: { readonly octets: Buffer; readonly algorithm: readonly Tlv[]; readonly signature: Buffer }
  readonly scope: Scope
}

/** What a list is about [RFC5280 §5.2.4, §5.2.5]; nothing said: every certificate of its issuer, every reason. */
interface Scope {
  /** Only what changed since another list. */
  readonly isDelta: boolean
  readonly hasSomeReasons: boolean
  readonly kind: 'all' | 'users' | 'cas' | 'attributes'
  /** Entries may be about certificates of others. */
  readonly isIndirect: boolean
  /** GeneralNames of its distribution point, DER; undefined: it has none. */
  readonly points: readonly Buffer[] | undefined
}

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const isTime = (tag: number | undefined): boolean => tag === UTC_TIME || tag === GENERALIZED_TIME

/** Serial number and moment come first; more may follow. @throws RangeError it is no list of entries. */
function assertEntries(entries: Buffer): void {
  for (let at = 0; at < entries.length;) {
    const entry = readSpan(entries, at)
    const serial = entry.tag === TAG.sequence ? readSpan(entries, entry.start) : undefined
    if (serial?.tag !== TAG.integer || serial.end >= entry.end || !isTime(entries[serial.end])) throw new RangeError('CRL: entry')
    at = entry.end
  }
}

const DELTA = '2.5.29.27'
const DISTRIBUTION_POINT = '2.5.29.28'
/** Critical extensions whose meaning is honoured here [RFC5280 §5.2]. */
const UNDERSTOOD = new Set(['2.5.29.18', '2.5.29.20', '2.5.29.35', '2.5.29.46', DELTA, DISTRIBUTION_POINT])

/** IssuingDistributionPoint ::= [0] point?, [1] users?, [2] CAs?, [3] reasons?, [4] indirect?, [5] attributes? @throws RangeError no DER */
function scopeOf({ crlExtensions }: pkijs.CertificateRevocationList): Scope {
  const found = new Map((crlExtensions?.extensions ?? []).map(({ extnID, extnValue }) => [extnID, extnValue.valueBlock.valueHexView]))
  const point = found.get(DISTRIBUTION_POINT)
  const fields = point === undefined ? [] : readAll(expectTag(readTlv(Buffer.from(point)), TAG.sequence))
  const isSet = (tag: number): boolean => fields.some((field) => field.tag === tag && field.value[0] !== 0)
  const name = fields.find(({ tag }) => tag === 0xa0)
  return {
    isDelta: found.has(DELTA),
    hasSomeReasons: fields.some(({ tag }) => tag === 0x83),
    kind: isSet(0x81) ? 'users' : isSet(0x82) ? 'cas' : isSet(0x85) ? 'attributes' : 'all',
    isIndirect: isSet(0x84),
    points: name === undefined ? undefined : pointNames(name),
  }
}

/** DistributionPointName ::= [0] names | [1] relative to the issuer */
function pointNames(name: Tlv): readonly Buffer[] {
  return readAll(name.value).flatMap(({ tag, value, raw }) => (tag === 0xa0 ? readAll(value).map((one) => one.raw) : [raw]))
}

/** Names of the points where the certificate's issuer tells of it. */
function pointsOf(certificate: X509Certificate): readonly Buffer[] {
  const value = extensions(certificate).get('2.5.29.31')?.value
  const points = value === undefined ? [] : readAll(expectTag(readTlv(value), TAG.sequence))
  return points.flatMap((point) =>
    readAll(expectTag(point, TAG.sequence)).flatMap((field) => (field.tag === 0xa0 ? pointNames(field) : [])),
  )
}

/**
 * What it means that this list of its issuer does not name a certificate: that it is not revoked; that it is not, as far as the list
 * goes; nothing, because it is about others.
 */
export function silenceOf({ scope }: RevocationList, certificate: X509Certificate): 'good' | 'part' | 'nothing' {
  const { kind, points, isDelta, hasSomeReasons } = scope
  if (kind !== 'all' && kind !== (isCa(certificate) ? 'cas' : 'users')) return 'nothing'
  if (points !== undefined && !pointsOf(certificate).some((own) => points.some((point) => point.equals(own)))) return 'nothing'
  return isDelta || hasSomeReasons ? 'part' : 'good'
}

const read = new WeakMap<Uint8Array, RevocationList>()

/** Read once for all who bring the same bytes. @throws what it is not a list for */
export function readRevocationList(der: Uint8Array): RevocationList {
  const known = read.get(der)
  if (known) return known
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const whole = readTlv(bytes)
  if (whole.raw.length !== bytes.length) throw new RangeError('CRL: bytes behind it')
  const [tbs, ...rest] = readAll(expectTag(whole, TAG.sequence))
  const fields = readAll(expectTag(tbs, TAG.sequence))
  const thisUpdate = fields.findIndex(({ tag }) => isTime(tag))
  const behind = isTime(fields[thisUpdate + 1]?.tag) ? thisUpdate + 2 : thisUpdate + 1
  const listed = thisUpdate > 0 && fields[behind]?.tag === TAG.sequence ? fields[behind] : undefined
  const kept = fields.filter((field) => field !== listed).map(({ raw }) => raw)
  const { offset, result } = fromBER(
    Uint8Array.from(writeTlv(TAG.sequence, writeTlv(TAG.sequence, ...kept), ...rest.map(({ raw }) => raw))),
  )
  if (offset === -1 || tbs === undefined) throw new TypeError('no DER')
  const frame = new pkijs.CertificateRevocationList({ schema: result })
  const [algorithm, signature] = rest
  const list: RevocationList = {
    frame,
    entries: listed?.value ?? Buffer.alloc(0),
    thisUpdate: frame.thisUpdate.value,
    nextUpdate: frame.nextUpdate?.value,
    signed: {
      octets: tbs.raw,
      algorithm: readAll(expectTag(algorithm, TAG.sequence)),
      signature: expectTag(signature, TAG.bitString).subarray(1),
    },
    scope: scopeOf(frame),
  }
  if (Number.isNaN(list.thisUpdate.getTime())) throw new RangeError('CRL: thisUpdate')
  assertEntries(list.entries)
  read.set(der, list)
  return list
}

/** Whether these bytes are a revocation list that a store can be made of. */
export function isCrl(der: Uint8Array): boolean {
  try {
    readRevocationList(der)
    return true
  } catch {
    return false
  }
}

const verifyAside = promisify(verify)

/** Made by this issuer, which may make lists. */
export async function isListOf({ frame, signed }: RevocationList, issuer: X509Certificate): Promise<boolean> {
  try {
    if (keyUsage(issuer)?.has('cRLSign') === false) return false
    if (!frame.issuer.isEqual(pkijs.Certificate.fromBER(Uint8Array.from(issuer.raw)).subject)) return false
    if ((frame.crlExtensions?.extensions ?? []).some(({ critical, extnID }) => critical && !UNDERSTOOD.has(extnID))) return false
    const how = verificationOf(signed.algorithm, issuer)
    return how !== undefined && (await verifyAside(how.hash, signed.octets, how.key, signed.signature))
  } catch {
    return false
  }
}

const CERTIFICATE_ISSUER = Buffer.from('0603551d1d', 'hex')
const REASON = '2.5.29.21'
const REMOVE_FROM_CRL = Buffer.from('0a0108', 'hex')

/** Whose certificate an entry of an indirect list is about, where it says so; else the same as the entry before [RFC5280 §5.3.3]. */
function issuerNamedIn(entry: Buffer): pkijs.RelativeDistinguishedNames | undefined {
  if (!entry.includes(CERTIFICATE_ISSUER)) return undefined
  const { crlEntryExtensions } = new pkijs.RevokedCertificate({ schema: fromBER(Uint8Array.from(entry)).result })
  const names = crlEntryExtensions?.extensions.find(({ extnID }) => extnID === '2.5.29.29')?.extnValue.valueBlock.valueHexView
  const directory = names && readAll(expectTag(readTlv(Buffer.from(names)), TAG.sequence)).find(({ tag }) => tag === 0xa4)
  return directory && new pkijs.RelativeDistinguishedNames({ schema: fromBER(Uint8Array.from(directory.value)).result })
}

/** Revoked at that moment. */
export function isListed({ entries, scope, frame }: RevocationList, certificate: X509Certificate, at: Date): boolean {
  const octets = serialOctets(certificate)
  const zeros = octets.findIndex((octet) => octet !== 0)
  const serial = octets.subarray(zeros < 0 ? octets.length - 1 : zeros)
  let isOurs = true
  for (let from = 0; from < entries.length;) {
    const entry = readSpan(entries, from)
    const named = scope.isIndirect ? issuerNamedIn(entries.subarray(from, entry.end)) : undefined
    if (named !== undefined) isOurs = named.isEqual(frame.issuer)
    const { start, end } = readSpan(entries, entry.start)
    let first = start
    while (first < end - 1 && entries[first] === 0) first++
    if (isOurs && end - first === serial.length && entries.compare(serial, 0, serial.length, first, end) === 0) {
      const { result } = fromBER(Uint8Array.from(entries.subarray(from, entry.end)))
      const { revocationDate, crlEntryExtensions } = new pkijs.RevokedCertificate({ schema: result })
      const reason = crlEntryExtensions?.extensions.find(({ extnID }) => extnID === REASON)?.extnValue.valueBlock.valueHexView
      if (revocationDate.value <= at && !(reason && REMOVE_FROM_CRL.equals(reason))) return true
    }
    from = entry.end
  }
  return false
}

/** Lists of one issuer, key and part replace each other; those of different ones stand side by side [RFC5280 §5.2.1, §5.2.4, §5.2.5]. */
const SCOPE = ['2.5.29.35', DELTA, DISTRIBUTION_POINT]

function placeOf({ frame }: RevocationList): string {
  const of = (frame.crlExtensions?.extensions ?? []).filter(({ extnID }) => SCOPE.includes(extnID))
  const parts = of.map(({ extnID, extnValue }) => `${extnID} ${Buffer.from(extnValue.valueBlock.valueHexView).toString('hex')}`)
  return [Buffer.from(frame.issuer.toSchema().toBER(false)).toString('hex'), ...parts.sort()].join('|')
}

/**
 * Where a list is older than one that is held for the same issuer, key and part, the held one goes on: an old list brought back would make
 * good what has been revoked since. A held list counts only when it is proven and not of the future, so that no mistake bars the way.
 *
 * @param cas whose lists they may be.
 * @returns `lists` with the held ones in place of their equals and of older ones, and which places the older ones have.
 */
export async function keepNewest(
  lists: readonly Uint8Array[],
  held: readonly Uint8Array[],
  cas: readonly X509Certificate[],
  now: Date,
): Promise<{ readonly lists: readonly Uint8Array[]; readonly older: readonly number[] }> {
  const newest = new Map<string, { readonly der: Uint8Array; readonly list: RevocationList }>()
  for (const der of held) {
    const list = readRevocationList(der)
    const isProven = await Promise.all(cas.map((ca) => isListOf(list, ca)))
    const place = placeOf(list)
    const known = newest.get(place)
    if (isProven.includes(true) && list.thisUpdate <= now && !(known && known.list.thisUpdate >= list.thisUpdate))
      newest.set(place, { der, list })
  }
  const older: number[] = []
  const chosen = lists.map((der, place) => {
    const equal = held.find((one) => Buffer.compare(one, der) === 0)
    if (equal) return equal
    const list = readRevocationList(der)
    const known = newest.get(placeOf(list))
    if (!known || list.thisUpdate >= known.list.thisUpdate) return der
    older.push(place)
    return known.der
  })
  return { lists: chosen, older }
}
