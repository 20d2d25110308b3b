// SPDX-License-Identifier: EUPL-1.2
/**
 * Attachments of content: found by their Content-ID, opened once with the key that an encrypted container holds for them.
 * Specs: osci-1.2 §6.3; wire facts 40, 48; threat model §6 rule 5, E6, H6.
 * @module
 */
import { ContentError, StructureError, type ProtektorError } from '../errors.js'
import type { Part } from '../mime/parts.js'
import { xpathOf, type XmlElement } from '../xml/tree.js'
import { sameOctets } from '../xml/dsig.js'
import { decryptOctets, readEncryptedData, type EncryptedData } from '../xml/xenc.js'
import type { AuthorTarget } from './author-signature.js'
import type { CertificateEntry, OsciEnv, OsciMessage, Remark } from './types.js'

/** What one reading of a ContentPackage gathers. */
export interface Reading {
  readonly message: OsciMessage
  readonly env: OsciEnv
  readonly problems: ProtektorError[]
  readonly remarks: Remark[]
  readonly named: Set<string>
  readonly parts: ReadonlyMap<string, Part>
  readonly readers: ReadonlyMap<string, CertificateEntry>
  /** Key holders by Content-ID, of all containers: two of them may not mean two plaintexts. */
  readonly holders: Map<string, EncryptedData>
  /** Attachments once read, as they came and decrypted: named a thousand times, one is still decrypted and digested once. */
  readonly attached: { readonly plain: Map<string, Attached>; readonly opened: Map<string, Attached> }
  readonly count: { boxes: number; signatures: number }
  /** Becomes true before the first legacy algorithm runs; it never goes back. */
  legacy: boolean
}

export interface Attached {
  readonly bytes: Uint8Array | undefined
  readonly target: AuthorTarget
}

/** By Content-ID. */
export type Keys = ReadonlyMap<string, EncryptedData>

export function refuse(e: XmlElement, rule: string, why: string): StructureError {
  return new StructureError('content', `osci-structure.${rule}`, why, { line: e.line, column: e.column, xpath: xpathOf(e) })
}

export function partNamed(reading: Pick<Reading, 'parts'>, uri: string): Part | undefined {
  const exact = reading.parts.get(uri)
  if (exact) return exact
  try {
    return reading.parts.get(decodeURIComponent(uri))
  } catch {
    return undefined
  }
}

/** Legacy modes only inside a verified signature: padding oracles need ciphertexts of the attacker's making (threat model §6 rule 5). */
export const legacyUnsigned = ({ env, message }: Reading): boolean => !env.inspection && !message.evidence.signature

/** Plain bytes of an attachment: as it came, or decrypted with the key that its container holds. */
export function attachmentBytes(reading: Reading, part: Part, holder: EncryptedData | undefined): Uint8Array | undefined {
  if (!holder) return part.body
  const problem = (finding: string, why: string, cause?: unknown): undefined => {
    reading.problems.push(
      new ContentError('T020', `content-encryption.${finding}`, why, {
        xpath: `cid:${part.contentId}`,
        ...(cause === undefined ? {} : { cause }),
      }),
    )
  }
  const cipher = reading.env.algorithms.content.cipher(holder.cipher)
  if (!cipher || !holder.mgmtData) return problem('algorithm', 'an attachment is encrypted in a way that is not allowed')
  if (cipher.content === 'legacy' && legacyUnsigned(reading))
    return problem('legacy-unsigned', 'legacy encryption is opened only inside a verified message signature')
  if (cipher.content === 'legacy') reading.legacy = true
  try {
    return decryptOctets(cipher, holder.mgmtData, part.body, holder.ivLength)
  } catch (cause) {
    return problem('undecryptable', 'an attachment could not be decrypted', cause)
  }
}

export function attachedOf(reading: Reading, part: Part, holder: EncryptedData | undefined): Attached {
  const known = holder ? reading.attached.opened : reading.attached.plain
  const before = known.get(part.contentId)
  if (before) return before
  const bytes = attachmentBytes(reading, part, holder)
  const bound = holder !== undefined && reading.env.algorithms.content.cipher(holder.cipher)?.mode === 'gcm'
  const attached = { bytes, target: { uri: `cid:${part.contentId}`, transform: undefined, what: bytes, bound } }
  known.set(part.contentId, attached)
  return attached
}

export const sameKey = (a: EncryptedData, b: EncryptedData): boolean =>
  a.cipher === b.cipher && a.ivLength === b.ivLength && !!a.mgmtData && !!b.mgmtData && sameOctets(a.mgmtData, b.mgmtData)

/** Splits EncryptedData children into key holders of attachments and encrypted containers. */
export function sortEncrypted(
  reading: Reading,
  elements: readonly XmlElement[],
  encrypted: boolean,
): { holders: Keys; boxes: { e: XmlElement; data: EncryptedData }[] } {
  const holders = new Map<string, EncryptedData>()
  const boxes: { e: XmlElement; data: EncryptedData }[] = []
  for (const e of elements) {
    const data = readEncryptedData(e, 'content-encryption')
    if (!data.mgmtData || !data.cipherReference) {
      boxes.push({ e, data })
      continue
    }
    if (!encrypted) throw refuse(e, 'key-in-clear', 'keys of attachments stand in clear')
    const part = partNamed(reading, data.cipherReference.uri)
    if (!part) throw refuse(e, 'attachment-missing', 'a key is for an attachment that is not there')
    const before = reading.holders.get(part.contentId)
    if (before && !sameKey(before, data)) throw refuse(e, 'container', 'an attachment has two keys')
    reading.holders.set(part.contentId, before ?? data)
    holders.set(part.contentId, before ?? data)
  }
  return { holders, boxes }
}
