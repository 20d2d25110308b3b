// SPDX-License-Identifier: EUPL-1.2
/**
 * Builds a ContentPackage: containers signed by their authors, then encrypted for their readers, attachments with keys of their own.
 * Specs: see content-types.ts; wire facts 37–49; threat model §6 rule 8, E10.
 * @module
 */
import type { Part } from '../mime/parts.js'
import { encodeBase64 } from '../xml/base64.js'
import { canonicalize } from '../xml/c14n.js'
import { digest } from '../xml/dsig.js'
import { makeSignature } from '../xml/dsig-write.js'
import { encryptOctets, makeEncryptedData, wrapKey } from '../xml/xenc-write.js'
import { attr, attributeOf, element, isElement, type XmlElement } from '../xml/tree.js'
import type { ContainerSpec, ContentEncryption, ContentSigning, ContentSpec } from './content-types.js'
import { outgoingPart } from './mime-stage.js'
import { LIBRARY_FORM } from './author-signature.js'
import { BASE64_TRANSFORM, C14N, ENVELOPE_NAMESPACES, OSCI, SOAP, XENC } from './names.js'
import type { OsciEnv } from './types.js'

interface Attachment {
  readonly name: string
  readonly bytes: Uint8Array
  readonly contentType: string | undefined
}

interface Built {
  readonly element: XmlElement
  readonly attachments: readonly Attachment[]
}

interface Target {
  readonly uri: string
  readonly transforms: readonly string[]
  readonly octets: Uint8Array
}

/**
 * Plain attachments of a container, nested ones included: what its authors sign. Outside of all encryption not those of an encrypted child,
 * which holds their keys: the reference library refuses a signature that names them.
 */
function attachmentsOf(container: ContainerSpec, inside: boolean): Attachment[] {
  return container.contents.flatMap((c) => {
    if (c.kind === 'attachment') return [{ name: c.name, bytes: c.bytes, contentType: c.contentType }]
    return c.kind === 'container' && (inside || !c.container.encrypt) ? attachmentsOf(c.container, inside) : []
  })
}

function contentElement(spec: Exclude<ContentSpec, { kind: 'container' }>): XmlElement {
  if (spec.kind === 'attachment')
    return element(OSCI, 'osci', 'Content', { attributes: [attr('Id', spec.id), attr('href', `cid:${spec.name}`)] })
  const data = element(OSCI, 'osci', 'Base64Content', { attributes: [attr('Id', spec.id)], children: [encodeBase64(spec.bytes)] })
  return element(OSCI, 'osci', 'Content', { children: [data] })
}

/** The container where its canonical form is what the reader will see: directly below the five names in scope. */
function inScope(container: XmlElement): XmlElement {
  element(SOAP, 'soap', 'Body', { namespaces: ENVELOPE_NAMESPACES, children: [container] })
  return container
}

function container(id: string, children: readonly XmlElement[]): XmlElement {
  return inScope(element(OSCI, 'osci', 'ContentContainer', { attributes: [attr('Id', id)], children }))
}

async function signatures(
  id: string,
  contents: readonly XmlElement[],
  targets: readonly Target[],
  authors: readonly ContentSigning[],
  env: OsciEnv,
) {
  const made: XmlElement[] = []
  for (const author of authors) {
    made.push(
      await makeSignature(container(id, contents), {
        references: targets.map((t) => ({
          uri: t.uri,
          transforms: [...t.transforms],
          digestMethod: author.digestMethod,
          digestValue: digest(env.algorithms.signature, author.digestMethod, t.octets),
        })),
        signatureMethod: author.signatureMethod,
        retrievalUri: `#${author.certificateId}`,
        signer: author.signer,
      }),
    )
  }
  return made
}

/** Encrypts the attachments and gives the elements that hold their keys; they are never signed (wire fact 48). */
function sealAttachments(
  plain: readonly Attachment[],
  how: ContentEncryption,
  env: OsciEnv,
): { holders: XmlElement[]; sealed: Attachment[] } {
  const cipher = env.algorithms.content.cipher(how.cipher)
  if (!cipher) throw new TypeError(`not sent: ${how.cipher}`)
  const pairs = plain.map((attachment) => {
    const key = env.random(cipher.keyBytes)
    const holder = makeEncryptedData({
      id: `Attachment${attachment.name.replace(/[^A-Za-z0-9._-]/g, '_')}`,
      mimeType: 'text/xml',
      cipher: how.cipher,
      ivLength: how.ivBytes,
      mgmtData: key,
      cipherReference: { uri: `cid:${attachment.name}`, transforms: [BASE64_TRANSFORM] },
    })
    return { holder, sealed: { ...attachment, bytes: encryptOctets(cipher, key, attachment.bytes, env.random(how.ivBytes)) } }
  })
  return { holders: pairs.map((p) => p.holder), sealed: pairs.map((p) => p.sealed) }
}

async function build(spec: ContainerSpec, env: OsciEnv, insideEncryption: boolean, counter: { boxes: number }): Promise<Built> {
  const inside = insideEncryption || spec.encrypt !== undefined
  const contents: XmlElement[] = []
  const boxes: XmlElement[] = []
  const targets: Target[] = []
  const travelling: Attachment[] = []
  for (const content of spec.contents) {
    if (content.kind !== 'container') {
      const e = contentElement(content)
      contents.push(e)
      if (content.kind === 'attachment') travelling.push({ name: content.name, bytes: content.bytes, contentType: content.contentType })
      if (content.kind === 'data') targets.push({ uri: `#${content.id}`, transforms: [BASE64_TRANSFORM], octets: content.bytes })
      continue
    }
    const inner = await build(content.container, env, inside, counter)
    travelling.push(...inner.attachments)
    if (isElement(inner.element, OSCI, 'ContentContainer'))
      contents.push(element(OSCI, 'osci', 'Content', { attributes: [attr('Id', content.id)], children: [inner.element] }))
    else boxes.push(inner.element)
  }
  const whole = container(spec.id, [...contents, ...boxes])
  for (const e of whole.children) {
    if (e.kind !== 'element') continue
    const id = attributeOf(e, 'Id')
    // the reference library knows an encrypted child only without declarations, and calls any other signature wrong
    const form = isElement(e, XENC, 'EncryptedData') ? LIBRARY_FORM : {}
    if (id !== undefined) targets.push({ uri: `#${id}`, transforms: [C14N], octets: canonicalize(e, form) })
  }
  for (const plain of attachmentsOf(spec, inside)) targets.push({ uri: `cid:${plain.name}`, transforms: [], octets: plain.bytes })
  const signed = await signatures(spec.id, [...contents, ...boxes], targets, spec.sign ?? [], env)
  if (!spec.encrypt) return { element: container(spec.id, [...signed, ...contents, ...boxes]), attachments: travelling }
  // keys of attachments go into the outermost encrypted container (osci-1.2 §6.3)
  const { holders, sealed } = insideEncryption ? { holders: [], sealed: travelling } : sealAttachments(travelling, spec.encrypt, env)
  const box = encryptContainer(
    container(spec.id, [...signed, ...contents, ...boxes, ...holders]),
    spec.encrypt,
    `encdata_${counter.boxes++}`,
    env,
  )
  return { element: box, attachments: sealed }
}

function encryptContainer(plain: XmlElement, how: ContentEncryption, id: string, env: OsciEnv): XmlElement {
  const cipher = env.algorithms.content.cipher(how.cipher)
  if (!cipher || !env.algorithms.content.keyTransport(how.keyTransport)) throw new TypeError(`not sent: ${how.cipher}`)
  const cek = env.random(cipher.keyBytes)
  return makeEncryptedData({
    id,
    mimeType: 'text/xml',
    cipher: how.cipher,
    ivLength: how.ivBytes,
    keys: how.readers.map((reader) => ({
      keyTransport: how.keyTransport,
      retrievalUri: `#${reader.certificateId}`,
      wrapped: wrapKey(reader.certificate, how.keyTransport, cek),
    })),
    cipherValue: encryptOctets(cipher, cek, canonicalize(plain), env.random(how.ivBytes)),
  })
}

/**
 * Builds the ContentPackage and the parts that travel beside it. The message's certificate header must hold every certificate that a
 * spec names by Id.
 */
export async function sealContent(
  containers: readonly ContainerSpec[],
  env: OsciEnv,
): Promise<{ content: XmlElement; attachments: Part[] }> {
  const built: Built[] = []
  const counter = { boxes: 0 }
  for (const spec of containers) built.push(await build(spec, env, false, counter))
  const plainLast = [...built].sort(
    (a, b) => Number(isElement(a.element, OSCI, 'ContentContainer')) - Number(isElement(b.element, OSCI, 'ContentContainer')),
  )
  return {
    content: element(OSCI, 'osci', 'ContentPackage', { children: plainLast.map((b) => b.element) }),
    attachments: built.flatMap((b) => b.attachments.map((a) => outgoingPart(a.name, a.bytes, a.contentType))),
  }
}
