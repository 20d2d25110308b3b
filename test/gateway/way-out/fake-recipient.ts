// SPDX-License-Identifier: EUPL-1.2
/**
 * A passive recipient that answers a processDelivery in every wrong way a test asks for, made of the stages alone.
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { callerEnv, type DemoKeys } from '../../../src/cli/compose/demo-request.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { sealContent } from '../../../src/osci/content-write.js'
import { osci } from '../../../src/osci/stages.js'
import type { OsciEnv, OsciMessage, Sealing } from '../../../src/osci/types.js'
import type { KeyPair } from '../../../src/pki/keystore.js'
import { keyRing, makeDecrypter, makeSigner } from '../../../src/pki/keys.js'

const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'
const PSS = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
const OAEP = { algorithm: `${ENC11}rsa-oaep`, digest: `${ENC}sha256`, mgf: `${ENC11}mgf1sha256` }
const GCM = `${ENC11}aes256-gcm`

/** Everything is right unless said otherwise. */
export interface AnswerSpec {
  readonly document?: Uint8Array
  readonly codes?: readonly string[]
  readonly signer?: KeyPair | 'nobody'
  readonly encrypted?: boolean
  readonly response?: string
  readonly messageId?: string
  readonly authorSignature?: 'valid' | 'broken' | 'none'
  readonly contentEncrypted?: boolean
  readonly custom?: OsciMessage['custom']
  readonly containerId?: string
  /** How often the document stands in the container: the first is the document, the rest lie beside it. */
  readonly contents?: number
}

async function townEnv(keys: DemoKeys): Promise<OsciEnv> {
  const pairs = [keys['town-cipher'], keys['town-reader']]
  return { ...(await callerEnv(keys)), keys: keyRing(await Promise.all(pairs.map((p) => makeDecrypter(p.certificate, p.privateKey)))) }
}

const signing = ({ certificate, privateKey }: KeyPair) => ({
  signer: makeSigner(certificate, privateKey),
  signatureMethod: PSS,
  digestMethod: `${ENC}sha256`,
})

/** Opens a request of the way out. */
export async function openRequest(body: Uint8Array, keys: DemoKeys): Promise<OsciMessage<'processDelivery'>> {
  return (await osci.open(body, await townEnv(keys))) as OsciMessage<'processDelivery'>
}

function certificateOf(message: OsciMessage, role: string): X509Certificate {
  const entries = [...(message.intermediaryCertificates ?? []), ...(message.certificates ?? [])]
  const entry = entries.find((e) => e.role === role)
  if (!entry) throw new Error(`the request has no ${role}`)
  return new X509Certificate(entry.der)
}

async function contentOf(spec: AnswerSpec, request: OsciMessage, keys: DemoKeys, env: OsciEnv) {
  const { document, authorSignature = 'valid', contentEncrypted = true, containerId = 'container0', contents = 1 } = spec
  if (!document) return { built: undefined, certificates: [] }
  const author = certificateEntry('SignatureCertificateOtherAuthor', keys['town-author'].certificate, 0)
  const reader = certificateEntry('CipherCertificateAddressee', certificateOf(request, 'CipherCertificateOriginator'))
  // signed by one key, under the certificate of another: the value does not fit
  const pair = authorSignature === 'broken' ? keys['portal-author'] : keys['town-author']
  const built = await sealContent(
    [
      {
        id: containerId,
        contents: Array.from({ length: contents }, (_, n) => ({ kind: 'data' as const, id: `content${n}`, bytes: document })),
        ...(authorSignature === 'none' ? {} : { sign: [{ ...signing(pair), certificateId: author.id }] }),
        ...(contentEncrypted
          ? {
              encrypt: {
                readers: [{ certificate: new X509Certificate(reader.der), certificateId: reader.id }],
                cipher: GCM,
                keyTransport: OAEP,
                ivBytes: 12 as const,
              },
            }
          : {}),
      },
    ],
    env,
  )
  return { built, certificates: [author, reader] }
}

/** The bytes of an answer to this request. */
export async function answerTo(body: Uint8Array, keys: DemoKeys, spec: AnswerSpec = {}): Promise<Uint8Array> {
  const env = await townEnv(keys)
  const request = await openRequest(body, keys)
  const { signer = keys['town-signature'], encrypted = true, codes = ['0800'] } = spec
  const { built, certificates } = await contentOf(spec, request, keys, env)
  const messageId = spec.messageId ?? request.order.messageIdResponse
  const message: OsciMessage<'responseToProcessDelivery'> = {
    type: 'responseToProcessDelivery',
    control: { response: spec.response ?? request.control.challenge ?? '' },
    ...(built
      ? {
          timestamps: [
            { service: 'creation', quality: 'plain' },
            { service: 'reception', quality: 'plain' },
          ] as const,
        }
      : {}),
    order: {
      feedback: { entries: codes.map((code) => ({ code, text: `text of ${code}`, lang: 'de' })) },
      ...(built && messageId !== undefined ? { messageId } : {}),
    },
    certificates: [
      ...(signer === 'nobody' ? [] : [certificateEntry('SignatureCertificateOriginator', signer.certificate)]),
      ...certificates,
    ],
    custom: spec.custom ?? [],
    ...(built ? { content: built.content } : {}),
    attachments: built?.attachments ?? [],
    evidence: {},
    remarks: [],
  }
  const sealing: Sealing = {
    ...(signer === 'nobody' ? {} : { sign: signing(signer) }),
    ...(encrypted
      ? {
          encryptFor: {
            certificate: certificateOf(request, 'CipherCertificateIntermediary'),
            cipher: GCM,
            keyTransport: OAEP,
            ivBytes: 12,
          },
        }
      : {}),
  }
  return osci.seal(message, { ...env, sealing })
}
