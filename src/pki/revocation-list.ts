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
import type { X509Certificate } from 'node:crypto'
import { fromBER } from 'asn1js'
import * as pkijs from 'pkijs'
import { keyUsage, serialDecimal } from './certificate.js'
import { expectTag, readAll, readSpan, readTlv, TAG, writeTlv } from './der.js'

export interface RevocationList {
  /** Everything but the entries. */
  readonly frame: pkijs.CertificateRevocationList
  /** What stands in `revokedCertificates`, entry by entry. */
  readonly entries: Buffer
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
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
  // the signature is over the bytes as they came
  frame.tbsView = new Uint8Array(tbs.raw)
  const list = { frame, entries: listed?.value ?? Buffer.alloc(0), thisUpdate: frame.thisUpdate.value, nextUpdate: frame.nextUpdate?.value }
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

/** Made by this issuer, which may make lists. */
export async function isListOf({ frame }: RevocationList, issuer: X509Certificate): Promise<boolean> {
  try {
    return (
      keyUsage(issuer)?.has('cRLSign') !== false &&
      (await frame.verify({ issuerCertificate: pkijs.Certificate.fromBER(Uint8Array.from(issuer.raw)) }))
    )
  } catch {
    return false
  }
}

/** Big-endian without leading zeros, whatever its writer thought of signs. */
function magnitude(decimal: string): Buffer {
  const hex = BigInt(decimal).toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
}

/** Revoked at that moment. */
export function isListed({ entries }: RevocationList, certificate: X509Certificate, at: Date): boolean {
  const serial = magnitude(serialDecimal(certificate))
  for (let from = 0; from < entries.length;) {
    const entry = readSpan(entries, from)
    const { start, end } = readSpan(entries, entry.start)
    let first = start
    while (first < end - 1 && entries[first] === 0) first++
    if (end - first === serial.length && entries.compare(serial, 0, serial.length, first, end) === 0) {
      const { result } = fromBER(Uint8Array.from(entries.subarray(from, entry.end)))
      if (new pkijs.RevokedCertificate({ schema: result }).revocationDate.value <= at) return true
    }
    from = entry.end
  }
  return false
}

/** Lists of one issuer, key and part replace each other; those of different ones stand side by side [RFC5280 §5.2.1, §5.2.4, §5.2.5]. */
const SCOPE = ['2.5.29.35', '2.5.29.27', '2.5.29.28']

function scopeOf({ frame }: RevocationList): string {
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
    const scope = scopeOf(list)
    const known = newest.get(scope)
    if (isProven.includes(true) && list.thisUpdate <= now && !(known && known.list.thisUpdate >= list.thisUpdate))
      newest.set(scope, { der, list })
  }
  const older: number[] = []
  const chosen = lists.map((der, place) => {
    const equal = held.find((one) => Buffer.compare(one, der) === 0)
    if (equal) return equal
    const list = readRevocationList(der)
    const known = newest.get(scopeOf(list))
    if (!known || list.thisUpdate >= known.list.thisUpdate) return der
    older.push(place)
    return known.der
  })
  return { lists: chosen, older }
}
