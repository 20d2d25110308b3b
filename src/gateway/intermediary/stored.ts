// SPDX-License-Identifier: EUPL-1.2
/**
 * A delivery between storeDelivery and fetchDelivery: everything of it that travels on, as it came.
 *
 *   delivery ─► envelope parts (ContentPackage, certificates, custom headers, attachments) ─► sealed for ourselves ─► core
 *
 * The core sees a mailbox, a size and a deadline, like of any envelope. Certificates keep their Ids: signatures refer to them.
 * Specs: osci-1.2 §5.3, §9.4, §9.5; product.md, "The core".
 * @module
 */
import { ProtektorError } from '../../errors.js'
import { trustedSenders } from '../../envelope/keys.js'
import { openEnvelope } from '../../envelope/open.js'
import { sealEnvelope } from '../../envelope/seal.js'
import type { EnvelopePart, OsciEvidence } from '../../envelope/types.js'
import { fitsHeader } from '../../osci/certificates.js'
import { partOctets, type LargePart } from '../../osci/large/part.js'
import { outgoingPart } from '../../osci/mime-stage.js'
import { DS, OSCI, OSCI128, OSCI2017, SOAP, XENC } from '../../osci/names.js'
import { assertReadableBlocks } from '../../osci/soap.js'
import type { CertificateEntry, OsciMessage } from '../../osci/types.js'
import type { GatewayPorts, XmlElement } from '../ports.js'

export interface StoredDelivery {
  readonly content: XmlElement
  readonly certificates: readonly CertificateEntry[]
  readonly custom: readonly XmlElement[]
  readonly attachments: OsciMessage['attachments']
  /** Attachments that lie in the spool, instead of `attachments`. */
  readonly large?: LargeAttachments
}

/** Parts in the spool, for as long as somebody holds them. */
export interface LargeAttachments {
  readonly parts: readonly LargePart[]
  readonly bytes: number
  /** @returns what ends the holding; the spool is free when nobody holds them. */
  hold(): () => void
}

/** @param release called once, when the last holder has let go. The first holding is the caller's. */
export function largeAttachments(parts: readonly LargePart[], release: () => Promise<void>): LargeAttachments {
  let holders = 0
  return {
    parts,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    hold() {
      holders++
      let held = true
      return () => {
        if (!held) return
        held = false
        if (--holders === 0) void release().catch(() => undefined)
      }
    },
  }
}

/**
 * A delivery with all of its attachments in memory.
 * @returns undefined: they are larger than `maxBytes`.
 */
export async function inMemory(delivery: StoredDelivery, maxBytes: number): Promise<StoredDelivery | undefined> {
  const { large, ...rest } = delivery
  if (!large) return delivery
  if (large.bytes > maxBytes) return undefined
  const attachments = []
  for (const part of large.parts) {
    const pieces: Uint8Array[] = []
    for await (const octets of partOctets(part)) pieces.push(octets)
    attachments.push(outgoingPart(part.contentId, new Uint8Array(Buffer.concat(pieces)), part.contentType))
  }
  return { ...rest, attachments }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** The certificate header as a part: `[{ role, id, der }]`. */
export const certificatePart = (entries: readonly CertificateEntry[]): EnvelopePart => ({
  name: 'certificates',
  mediaType: 'application/json',
  role: 'evidence',
  bytes: json(entries.map(({ role, id, der }) => ({ role, id, der: base64(der) }))),
})

const DER_JSON = /^[A-Za-z0-9+/]+=*$/

function certificateOf(one: unknown): CertificateEntry {
  const { role, id, der } = one as Record<string, unknown>
  if (typeof role !== 'string' || typeof id !== 'string' || !fitsHeader(role, id) || typeof der !== 'string' || !DER_JSON.test(der))
    throw new TypeError('no certificate')
  return { role, id, der: new Uint8Array(Buffer.from(der, 'base64')) }
}

/**
 * Participants write this part as well: what no reader would take in a header must not get into one.
 * @throws {ProtektorError} `policy.reply-package` it is no list of certificates.
 */
export function readCertificatePart(part: EnvelopePart | undefined): CertificateEntry[] {
  if (part === undefined) return []
  try {
    const entries = (JSON.parse(new TextDecoder().decode(part.bytes)) as unknown[]).map(certificateOf)
    if (new Set(entries.map(({ id }) => id)).size < entries.length) throw new TypeError('an Id is there twice')
    return entries
  } catch (cause) {
    throw new ProtektorError('policy.reply-package', 'the certificates of the reply are malformed', { cause })
  }
}

const attachmentParts = (attachments: OsciMessage['attachments']): EnvelopePart[] =>
  attachments.map((a) => ({
    name: a.contentId,
    mediaType: a.contentType === '' ? 'application/octet-stream' : a.contentType,
    role: 'attachment',
    bytes: a.body,
  }))

const CUSTOM = 'custom-headers'

/** Blocks of these would be taken for a message's own. */
const RESERVED: ReadonlySet<string> = new Set(['', SOAP, OSCI, OSCI2017, OSCI128, DS, XENC])

/** Header blocks of other namespaces, each as bytes that stand alone; no part where there are none. */
export function customPart(custom: readonly XmlElement[], ports: Pick<GatewayPorts, 'packages'>): EnvelopePart[] {
  if (custom.length === 0) return []
  return [
    { name: CUSTOM, mediaType: 'application/json', role: 'evidence', bytes: json(custom.map((e) => base64(ports.packages.write(e)))) },
  ]
}

/** The header blocks that {@link customPart} wrote. */
function readCustomPart(parts: readonly EnvelopePart[], packages: GatewayPorts['packages']): XmlElement[] {
  const custom = parts.find((p) => p.role === 'evidence' && p.name === CUSTOM)
  if (!custom) return []
  return (JSON.parse(new TextDecoder().decode(custom.bytes)) as string[]).map((block) => packages.readBlock(Buffer.from(block, 'base64')))
}

/**
 * The header blocks that a participant gives along.
 * @throws {ProtektorError} `policy.custom-headers`: a block that is none, is the message's own, or that no reader would take.
 */
export function givenCustomPart(parts: readonly EnvelopePart[], packages: GatewayPorts['packages']): XmlElement[] {
  const malformed = (cause?: unknown) =>
    new ProtektorError('policy.custom-headers', 'the custom headers of the envelope are not acceptable', { cause })
  let blocks: XmlElement[]
  try {
    blocks = readCustomPart(parts, packages)
    assertReadableBlocks(blocks)
  } catch (cause) {
    throw malformed(cause)
  }
  if (blocks.some((block) => RESERVED.has(block.uri))) throw malformed()
  return blocks
}

/** Parts of a sealed or open ContentPackage as an envelope carries them (blind mode). Attachments, whose names are their sender's, come last. */
export function packageParts(delivery: StoredDelivery, ports: Pick<GatewayPorts, 'packages'>): EnvelopePart[] {
  return [
    { name: 'content-package', mediaType: 'application/osci+xml', role: 'osci', bytes: ports.packages.write(delivery.content) },
    certificatePart(delivery.certificates),
    ...customPart(delivery.custom, ports),
    ...attachmentParts(delivery.attachments),
  ]
}

/** What stands in an envelope's header. */
interface EnvelopeAddress {
  readonly id: string
  readonly to: string
  readonly ttlSeconds: number
}

/** Seals a delivery for ourselves: whoever reads the core's memory learns nothing. */
export function sealStored(
  delivery: StoredDelivery,
  evidence: OsciEvidence,
  header: EnvelopeAddress,
  ports: GatewayPorts,
): Promise<Uint8Array> {
  const { identity, clock, random } = ports
  return sealEnvelope(
    {
      header,
      kind: 'message',
      sender: identity.participant,
      createdAt: clock.now().toISOString(),
      osci: evidence,
      parts: packageParts(delivery, ports),
    },
    { recipient: identity.replyKey, sender: identity.signing },
    random,
  )
}

/** Opens what {@link sealStored} made. @throws {ProtektorError} it is not ours. */
export async function openStored(
  body: Uint8Array,
  header: Pick<EnvelopeAddress, 'id' | 'to'>,
  ports: GatewayPorts,
): Promise<StoredDelivery> {
  const { identity, packages } = ports
  const sender = trustedSenders([{ id: identity.participant, jwks: identity.jwks.keys }])
  const { parts } = await openEnvelope(body, { recipient: [identity.opening], sender }, header)
  return readPackageParts(parts, packages, readCustomPart)
}

/** @throws {ProtektorError} `policy.reply-package` there is no acceptable ContentPackage; `policy.custom-headers`. */
export function readPackageParts(
  parts: readonly EnvelopePart[],
  packages: GatewayPorts['packages'],
  customOf = givenCustomPart,
): StoredDelivery {
  const content = parts.find((p) => p.role === 'osci')
  if (!content) throw new ProtektorError('policy.reply-package', 'the envelope holds no ContentPackage')
  const certificates = parts.find((p) => p.role === 'evidence' && p.name === 'certificates')
  return {
    content: packages.read(content.bytes),
    certificates: readCertificatePart(certificates),
    custom: customOf(parts, packages),
    attachments: parts.filter((p) => p.role === 'attachment').map((p) => outgoingPart(p.name, p.bytes, p.mediaType)),
  }
}
