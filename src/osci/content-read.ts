// SPDX-License-Identifier: EUPL-1.2
/**
 * Opens the content of a verified message: decrypts what our keys open, verifies authors, decrypts attachments. Bad content is
 * reported, not thrown; what must not be acted upon is for the role to decide ({@link OpenedContent.problems}).
 * Specs: see content-types.ts; threat model §5 rule 11, §6.
 * @module
 */
import { ContentError, ProtektorError, StructureError } from '../errors.js'
import { canonicalizeInTurns } from '../xml/c14n.js'
import { parseXmlInTurns } from '../xml/gate.js'
import { attributeOf, elementsOf, isElement, placeOf, textOf, type XmlDocument, type XmlElement } from '../xml/tree.js'
import { inTurns } from '../xml/turns.js'
import { decryptOctets, readEncryptedData, unwrapKey, type EncryptedData } from '../xml/xenc.js'
import { verifyAuthor, type AuthorTarget } from './author-signature.js'
import { breatheIfLarge, turnsFor } from './breathe.js'
import { decodeBase64 } from './codec.js'
import type { AuthorReport, ContentItem, OpenedContainer, OpenedContent, SealedContainer } from './content-types.js'
import { BASE64_TRANSFORM, C14N, DS, OSCI, XENC } from './names.js'
import { indexIds, noLooseText } from './soap.js'
import type { CertificateEntry, OsciEnv, OsciMessage } from './types.js'
import { attachedOf, legacyUnsigned, partNamed, refuse, sortEncrypted, type Keys, type Reading } from './content-attachments.js'

const MAX_NESTING = 8
/** Each costs a private-key operation, or a public one and digests; thousands fit into the size limit (threat model E6, H6). */
const MAX_BOXES = 256
const MAX_SIGNATURES = 256

interface Child {
  readonly target?: AuthorTarget
  readonly item?: Omit<ContentItem, 'signedBy'>
  readonly nested?: OpenedContainer
  readonly attachments: readonly AuthorTarget[]
  readonly optional?: readonly AuthorTarget[]
}

function readData(inner: XmlElement, encrypted: boolean): Child {
  const id = attributeOf(inner, 'Id') ?? ''
  const [foreign] = elementsOf(inner)
  if (foreign) throw refuse(foreign, 'content', 'Base64Content holds text only')
  const bytes = decodeBase64(textOf(inner), inner)
  return {
    target: { uri: `#${id}`, transform: BASE64_TRANSFORM, what: bytes, element: inner },
    item: { kind: 'content', id, bytes, encrypted },
    attachments: [],
  }
}

function readAttachment(reading: Reading, e: XmlElement, href: string, encrypted: boolean, keys: Keys): Child {
  const part = partNamed(reading, href)
  if (!part) {
    const why = /^cid:/i.test(href) ? 'Content names an attachment that is not there' : 'href of Content is no cid: URI'
    throw refuse(e, 'attachment-missing', why)
  }
  reading.named.add(part.contentId)
  const holder = keys.get(part.contentId)
  // what stands in clear beside encrypted content was not there when it was encrypted (osci-1.2 §6.3, trap T32)
  if (encrypted && !holder) throw refuse(e, 'content', 'an attachment of encrypted content is not encrypted')
  const { bytes, target } = attachedOf(reading, part, holder)
  return {
    target: { uri: `#${attributeOf(e, 'Id') ?? ''}`, transform: C14N, what: e },
    ...(bytes
      ? { item: { kind: 'attachment', id: part.contentId, bytes, contentType: part.contentType, encrypted: holder !== undefined } }
      : {}),
    attachments: [target],
  }
}

async function readContent(reading: Reading, e: XmlElement, encrypted: boolean, keys: Keys, depth: number): Promise<Child> {
  const href = attributeOf(e, 'href')
  const [inner, more] = elementsOf(e)
  noLooseText(e)
  if (href !== undefined) {
    if (inner) throw refuse(e, 'content', 'Content with href must be empty')
    return readAttachment(reading, e, href, encrypted, keys)
  }
  if (!inner || more) throw refuse(e, 'content', 'Content holds exactly one element')
  if (isElement(inner, OSCI, 'Base64Content')) return readData(inner, encrypted)
  const canonical: AuthorTarget = { uri: `#${attributeOf(e, 'Id') ?? ''}`, transform: C14N, what: e }
  if (isElement(inner, OSCI, 'ContentContainer')) {
    const nested = await readContainer(reading, inner, encrypted, keys, depth + 1)
    return { target: canonical, nested: nested.container, attachments: nested.attachments, optional: nested.optional }
  }
  // raw XML is schema-legal: kept as opaque canonical bytes, never interpreted (osci-1.2 §6.1)
  const bytes = await canonicalizeInTurns(inner, turnsFor(reading.env, inner.end - inner.start, 'content'))
  return {
    target: canonical,
    item: { kind: 'content', id: attributeOf(e, 'Id') ?? '', bytes, encrypted },
    attachments: [],
  }
}

interface ContainerReading {
  readonly container: OpenedContainer
  /** What authors around it have to cover, too. */
  readonly attachments: readonly AuthorTarget[]
  /** What they may cover. */
  readonly optional: readonly AuthorTarget[]
}

async function readContainer(
  reading: Reading,
  e: XmlElement,
  encrypted: boolean,
  outerKeys: Keys,
  depth: number,
): Promise<ContainerReading> {
  if (depth > MAX_NESTING) throw refuse(e, 'nesting', 'containers are nested too deeply')
  noLooseText(e)
  const id = attributeOf(e, 'Id')
  if (id === undefined) throw refuse(e, 'container-without-id', 'a ContentContainer has no Id')
  const kids = elementsOf(e)
  const rank = (k: XmlElement): number =>
    isElement(k, DS, 'Signature') ? 0 : isElement(k, OSCI, 'Content') ? 1 : isElement(k, XENC, 'EncryptedData') ? 2 : 3
  for (const [at, kid] of kids.entries()) {
    const before = kids[at - 1]
    if (rank(kid) === 3 || (before && rank(before) > rank(kid)))
      throw refuse(kid, 'container', `${kid.local} is not allowed at this place of a container`)
  }
  const { holders, boxes } = sortEncrypted(
    reading,
    kids.filter((k) => rank(k) === 2),
    encrypted,
  )
  const keys: Keys = new Map([...outerKeys, ...holders])
  const children: Child[] = []
  for (const content of kids.filter((k) => rank(k) === 1)) children.push(await readContent(reading, content, encrypted, keys, depth))
  const nested: OpenedContainer[] = []
  const sealed: SealedContainer[] = []
  const attachments = children.flatMap((c) => c.attachments)
  const optional = children.flatMap((c) => c.optional ?? [])
  for (const box of boxes) {
    const opened = await openBox(reading, box.e, box.data, keys, depth + 1)
    if ('reason' in opened) sealed.push(opened)
    else {
      nested.push(opened.container)
      // outermost, the box itself holds their keys: whoever signs it has signed what key and tag bind
      for (const target of opened.attachments) (target.bound && !encrypted ? optional : attachments).push(target)
      optional.push(...opened.optional)
    }
  }
  const targets: AuthorTarget[] = [
    ...children.flatMap((c) => (c.target ? [c.target] : [])),
    ...boxes.map(({ e: box }): AuthorTarget => ({
      uri: `#${attributeOf(box, 'Id') ?? ''}`,
      transform: C14N,
      what: box,
    })),
    ...attachments,
  ]
  const certificates = reading.message.certificates ?? []
  const signatures = kids.filter((k) => rank(k) === 0)
  reading.count.signatures += signatures.length
  if (reading.count.signatures > MAX_SIGNATURES) throw refuse(e, 'container', `more than ${MAX_SIGNATURES} author signatures`)
  const authors: AuthorReport[] = []
  const free = optional.filter((target) => !attachments.includes(target))
  for (const s of signatures) authors.push(await verifyAuthor(s, targets, free, sealed.length > 0, certificates, reading.env))
  for (const author of authors) {
    if (author.problem) reading.problems.push(author.problem)
    reading.remarks.push(...author.remarks)
  }
  const signedBy = authors.flatMap((a) => (a.verdict === 'valid' && a.certificate ? [a.certificate] : []))
  return {
    attachments,
    optional: free,
    container: {
      id,
      element: e,
      authors,
      items: children.flatMap((c) => (c.item ? [{ ...c.item, signedBy }] : [])),
      nested: [...children.flatMap((c) => (c.nested ? [c.nested] : [])), ...nested],
      sealed,
    },
  }
}

/** Every reader's key must point into the certificate header, or the whole message is refused (wire fact 43). */
function readersOf(data: EncryptedData, e: XmlElement, readers: Reading['readers']): CertificateEntry[] {
  return data.keys.map((key) => {
    const entry = key.retrievalUri === undefined ? undefined : readers.get(key.retrievalUri)
    if (!entry) throw refuse(e, 'reader-unknown', 'an EncryptedKey names no cipher certificate of this message')
    return entry
  })
}

/** Only what lies in a container has a path; the place of anything else is the box that it came in. */
function insideBox(problem: ProtektorError, document: XmlDocument | undefined, box: XmlElement): ProtektorError {
  if (document && isElement(document.root, OSCI, 'ContentContainer')) return problem
  const { finding, message, place } = problem
  const at = place.line === undefined ? '' : `, line ${place.line}, column ${place.column ?? 1}`
  return new ProtektorError(finding, `in the decrypted content${at}: ${message}`, placeOf(box))
}

async function openBox(
  reading: Reading,
  e: XmlElement,
  data: EncryptedData,
  keys: Keys,
  depth: number,
): Promise<ContainerReading | SealedContainer> {
  const { env } = reading
  if (++reading.count.boxes > MAX_BOXES) throw refuse(e, 'container', `more than ${MAX_BOXES} encrypted containers`)
  const readers = readersOf(data, e, reading.readers)
  const stay = (reason: SealedContainer['reason'], finding: string, why: string, cause?: unknown): SealedContainer => {
    reading.problems.push(
      new ContentError('T020', `content-encryption.${finding}`, why, { ...placeOf(e), ...(cause === undefined ? {} : { cause }) }),
    )
    return { data, element: e, readers, reason }
  }
  const ours = data.keys
    .map((key, at) => ({ key, decrypter: env.keys.decrypter(readers[at]?.der ?? new Uint8Array(0)) }))
    .find((candidate) => candidate.decrypter !== undefined)
  if (!ours?.decrypter) return stay('no-key', 'no-key', 'no key at hand opens this content')
  const cipher = env.algorithms.content.cipher(data.cipher)
  const wrap = env.algorithms.content.keyTransport(ours.key.keyTransport)
  if (!cipher || !wrap || !data.cipherValue)
    return stay('not-allowed', 'algorithm', 'the content is encrypted in a way that is not allowed')
  if (cipher.content === 'legacy' || wrap.row.content === 'legacy') {
    if (legacyUnsigned(reading))
      return stay('not-allowed', 'legacy-unsigned', 'legacy encryption is opened only inside a verified message signature')
    reading.legacy = true
  }
  let plain: Uint8Array | undefined
  let document: XmlDocument | undefined
  try {
    const cek = await unwrapKey(ours.decrypter, ours.key, cipher, env.algorithms.content, (n) => env.random(n))
    plain = decryptOctets(cipher, cek, data.cipherValue, data.ivLength)
    await breatheIfLarge(env, plain.byteLength)
    const turn = turnsFor(env, plain.byteLength, 'content')
    document = await parseXmlInTurns(plain, { limits: env.limits, frame: 'osci', stage: 'content' }, turn)
    if (!isElement(document.root, OSCI, 'ContentContainer'))
      throw refuse(document.root, 'container', 'encrypted content is no ContentContainer')
    await inTurns(indexIds(document.root), turn)
  } catch (cause) {
    // behind a tag that holds it is the sender's writing that is wrong; a check, and nobody else, says what (threat model §6 rule 4)
    if (plain && env.inspection && cipher.mode === 'gcm' && cause instanceof ProtektorError) {
      reading.problems.push(insideBox(cause, document, e))
      return { data, element: e, readers, reason: 'unreadable' }
    }
    // one code for key, padding, tag and what the plaintext looks like (threat model §6 rules 2, 5)
    return stay('undecryptable', 'undecryptable', 'the content could not be decrypted', cause)
  }
  let read: ContainerReading
  try {
    read = await readContainer(reading, document.root, true, keys, depth)
  } catch (cause) {
    // without a tag the plaintext is of anyone's making: its structure must say no more than its padding (threat model §6 rule 5)
    if (cipher.mode === 'gcm' || env.inspection || !(cause instanceof ProtektorError)) throw cause
    return stay('undecryptable', 'undecryptable', 'the content could not be decrypted', cause)
  }
  const encryption = {
    cipher: data.cipher,
    keyTransport: ours.key.keyTransport,
    ivBytes: data.ivLength ?? 16,
    reader: ours.decrypter.certificate,
  }
  return { ...read, container: { ...read.container, ...(env.inspection ? { document } : {}), encryption } }
}

/**
 * Opens the ContentPackage of a message, as far as the keys of `env` reach.
 * @returns everything that could be read, and every problem; an absent package gives empty lists.
 */
export async function openContent(message: OsciMessage, env: OsciEnv): Promise<OpenedContent> {
  const reading: Reading = {
    message,
    env,
    problems: [],
    remarks: [],
    named: new Set(),
    parts: new Map(message.attachments.map((part) => [`cid:${part.contentId}`, part])),
    readers: new Map((message.certificates ?? []).filter((c) => c.role.startsWith('Cipher')).map((c) => [c.id, c])),
    holders: new Map(),
    attached: { plain: new Map(), opened: new Map() },
    count: { boxes: 0, signatures: 0 },
    legacy: false,
  }
  const containers: OpenedContainer[] = []
  const sealed: SealedContainer[] = []
  await breatheIfLarge(env, message.content ? message.content.end - message.content.start : 0)
  try {
    if (message.content) noLooseText(message.content)
    for (const e of message.content ? elementsOf(message.content) : []) {
      if (isElement(e, OSCI, 'ContentContainer')) containers.push((await readContainer(reading, e, false, new Map(), 0)).container)
      else if (isElement(e, XENC, 'EncryptedData')) {
        const opened = await openBox(reading, e, readEncryptedData(e, 'content-encryption'), new Map(), 0)
        if ('reason' in opened) sealed.push(opened)
        else containers.push(opened.container)
      } else throw refuse(e, 'content-package', `${e.local} is not allowed in a ContentPackage`)
    }
  } catch (cause) {
    if (!(cause instanceof ProtektorError)) throw cause
    reading.problems.push(cause)
  }
  const unnamed = message.attachments.map((p) => p.contentId).filter((id) => !reading.named.has(id))
  const closed =
    sealed.length > 0 ||
    containers.some(function holds(c): boolean {
      return c.sealed.length > 0 || c.nested.some(holds)
    })
  if (unnamed.length > 0 && !closed && reading.problems.length === 0)
    reading.problems.push(
      new StructureError('content', 'osci-structure.unnamed-attachment', 'a part of the message is named by no content', {
        xpath: `cid:${unnamed[0] ?? ''}`,
      }),
    )
  return { containers, sealed, unnamed, problems: reading.problems, remarks: reading.remarks, legacy: reading.legacy }
}
