// SPDX-License-Identifier: EUPL-1.2
/**
 * Deliveries with AES-CBC content that fail behind the private key, each for a cause of its own. All are of one length, signed as a
 * message, and differ in nothing that can be seen without the key.
 *
 *   ContentPackage ─ EncryptedData (AES-256-CBC, RSA-OAEP) ─ ContentContainer ─ Signature · document · attachment (AES-256-CBC)
 *
 * Our own writer sends no CBC: the encryption is made here. Specs: threat model E1, §6 rule 5; [XMLENC11 §5.2.1] for the padding.
 * @module
 */
import { createCipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { callerEnv, type DemoKeys } from '../../src/cli/compose/demo-request.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import { sealContent } from '../../src/osci/content-write.js'
import { outgoingPart } from '../../src/osci/mime-stage.js'
import { ENVELOPE_NAMESPACES, OSCI, SOAP } from '../../src/osci/names.js'
import { osci } from '../../src/osci/stages.js'
import { OAEP_SHA256, signingMethods } from '../../src/osci/suite.js'
import type { OsciMessage } from '../../src/osci/types.js'
import { makeSigner } from '../../src/pki/keys.js'
import type { KeyPair } from '../../src/pki/keystore.js'
import { canonicalize } from '../../src/xml/c14n.js'
import { element, elementsOf, type XmlElement } from '../../src/xml/tree.js'
import { makeEncryptedData, wrapKey } from '../../src/xml/xenc-write.js'
import { orderOf } from '../bench/gateway/caller.js'

const AES_256_CBC = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc'
const BLOCK = 16
export const SAMPLE = new URL(
  '../../schemas/xprotektor/1.0/beispiele/gueltig/meldebescheinigung.anfrage.1000.mindestumfang.xml',
  import.meta.url,
)
const ATTACHMENT = 'anlage.bin'
/** Answers repeat it: one for all, so that they can be compared byte by byte. */
const CHALLENGE = 'b3JhY2xl'

/** What is done to a good delivery; every step that is left out leaves it good. */
interface Spoiling {
  readonly document?: (good: Buffer) => Buffer
  /** The container as it is encrypted. */
  readonly plain?: (good: Buffer) => Buffer
  /** Last octet of the padding, of the container or of the attachment. */
  readonly padding?: number
  readonly attachmentPadding?: number
}

const replaced = (good: Buffer, from: string, to: string): Buffer => {
  const text = good.toString('latin1')
  if (from.length !== to.length || !text.includes(from)) throw new Error(`nothing to replace: ${from}`)
  return Buffer.from(text.replaceAll(from, to), 'latin1')
}

/** A character inside of Base64Content. */
function withOctet(good: Buffer, octet: (before: number) => number): Buffer {
  const at = good.indexOf('</osci:Base64Content>') - 40
  const copy = Buffer.from(good)
  copy[at] = octet(copy[at] ?? 0)
  return copy
}

export const CONTENT_CAUSES: Readonly<Record<string, Spoiling>> = {
  padding: { padding: BLOCK + 1 },
  'UTF-8': { plain: (good) => withOctet(good, () => 0xff) },
  XML: { plain: (good) => replaced(good, '</osci:ContentContainer>', '</osci:ContentContainer ') },
  'author signature': { plain: (good) => withOctet(good, (before) => (before === 0x41 ? 0x42 : 0x41)) },
  attachment: { attachmentPadding: 0 },
  schema: { document: (good) => replaced(good, 'familienname>', 'familiennamf>') },
}

function encryptCbc(key: Uint8Array, plain: Uint8Array, lastOctet?: number): Buffer {
  const padding = Buffer.alloc(BLOCK - (plain.byteLength % BLOCK))
  padding[padding.length - 1] = lastOctet ?? padding.length
  const iv = randomBytes(BLOCK)
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  return Buffer.concat([iv, cipher.update(plain), cipher.update(padding), cipher.final()])
}

export interface Sender {
  /** @param cause a name of {@link CONTENT_CAUSES}; absent: nothing is wrong. */
  build(cause?: string): Promise<Uint8Array>
}

/** @param sender signs the messages; its peer entry allows `legacy.cbcContent` and does not demand transport encryption. */
export async function contentSender(keys: DemoKeys, sender: KeyPair): Promise<Sender> {
  const env = await callerEnv(keys)
  const good = readFileSync(SAMPLE)
  const author = makeSigner(keys['portal-author'].certificate, keys['portal-author'].privateKey)
  const signer = makeSigner(sender.certificate, sender.privateKey)
  const addressee = certificateEntry('CipherCertificateAddressee', keys['town-reader'].certificate)
  const originator = certificateEntry('SignatureCertificateOriginator', author.certificate)

  async function content(spoiling: Spoiling): Promise<{ content: XmlElement; attachment: Uint8Array }> {
    const { document = (same: Buffer) => same, plain = (same: Buffer) => same } = spoiling
    const sealed = await sealContent(
      [
        {
          id: 'container0',
          contents: [
            { kind: 'data', id: 'content0', bytes: document(good) },
            { kind: 'attachment', id: 'content1', name: ATTACHMENT, bytes: Buffer.alloc(1000, 'x') },
          ],
          sign: [{ signer: author, ...signingMethods(author), certificateId: originator.id }],
        },
      ],
      env,
    )
    const [signed] = elementsOf(sealed.content)
    const attachment = sealed.attachments[0]?.body
    if (!signed || !attachment) throw new TypeError('one container with one attachment was asked for')
    const [key, attachmentKey] = [randomBytes(32), randomBytes(32)]
    const holder = makeEncryptedData({
      id: 'Attachment1',
      cipher: AES_256_CBC,
      ivLength: BLOCK,
      mgmtData: attachmentKey,
      cipherReference: { uri: `cid:${ATTACHMENT}`, transforms: [] },
    })
    const container = element(OSCI, 'osci', 'ContentContainer', {
      attributes: signed.attributes,
      children: [...signed.children, holder],
    })
    element(SOAP, 'soap', 'Body', { namespaces: ENVELOPE_NAMESPACES, children: [container] })
    const box = makeEncryptedData({
      id: 'encdata_0',
      cipher: AES_256_CBC,
      ivLength: BLOCK,
      keys: [
        {
          keyTransport: OAEP_SHA256,
          retrievalUri: `#${addressee.id}`,
          wrapped: wrapKey(keys['town-reader'].certificate, OAEP_SHA256, key),
        },
      ],
      cipherValue: encryptCbc(key, plain(Buffer.from(canonicalize(container))), spoiling.padding),
    })
    return {
      content: element(OSCI, 'osci', 'ContentPackage', { children: [box] }),
      attachment: encryptCbc(attachmentKey, attachment, spoiling.attachmentPadding),
    }
  }

  return {
    async build(cause) {
      const spoiling = cause === undefined ? {} : CONTENT_CAUSES[cause]
      if (!spoiling) throw new TypeError(`no such cause: ${cause ?? ''}`)
      const made = await content(spoiling)
      const messageId = `oracle-${randomBytes(12).toString('hex')}`
      const message: OsciMessage<'processDelivery'> = {
        type: 'processDelivery',
        control: { challenge: CHALLENGE },
        languages: ['de'],
        order: orderOf(messageId),
        intermediaryCertificates: [
          certificateEntry('CipherCertificateIntermediary', keys['intermediary-cipher'].certificate),
          certificateEntry('SignatureCertificateIntermediary', sender.certificate),
        ],
        certificates: [certificateEntry('CipherCertificateOriginator', keys['portal-cipher'].certificate), addressee, originator],
        custom: [],
        content: made.content,
        attachments: [outgoingPart(ATTACHMENT, made.attachment)],
        evidence: {},
        remarks: [],
      }
      return osci.seal(message, { ...env, sealing: { sign: { signer, ...signingMethods(signer) } } })
    },
  }
}

/** An answer without what differs in every one: the boundary of its parts, the values of its signature. Lengths stay. */
export function comparable(answer: Buffer): string {
  const masked = (text: string): string => '*'.repeat(text.length)
  return answer
    .toString('latin1')
    .replace(/(?<=<ds:(?:Signature|Digest)Value>)[^<]*/g, masked)
    .replace(/(?<=MIME_boundary_)[A-Za-z0-9]+/g, masked)
}
