// SPDX-License-Identifier: EUPL-1.2
/**
 * The calling side of the demo: builds acceptDelivery and processDelivery as an intermediary would pass them on, and opens the answer.
 * Made of the same stages as the gateway. Tests leave layers out, one at a time.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { GATEWAY_LIMITS } from '../../env.js'
import { openContent } from '../../osci/content-read.js'
import { certificateEntry } from '../../osci/certificates.js'
import type { ContainerSpec, ContentSpec, OpenedContent } from '../../osci/content-types.js'
import { sealContent } from '../../osci/content-write.js'
import { openAnswer, osci } from '../../osci/stages.js'
import type { CertificateEntry, Fault, OsciEnv, OsciMessage, Sealing } from '../../osci/types.js'
import { keyRing, makeDecrypter, makeSigner } from '../../pki/keys.js'
import { pinnedTrust } from '../../pki/pinned.js'
import type { DemoKeyName } from './demo-keys.js'
import type { KeyPair } from '../../pki/keystore.js'
import { strictAlgorithms } from './peers.js'

export type DemoKeys = Readonly<Record<DemoKeyName, KeyPair>>

export interface DeliverySpec {
  readonly type?: 'processDelivery' | 'acceptDelivery'
  readonly document?: Uint8Array
  readonly attachments?: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly messageId?: string
  readonly challenge?: string
  readonly subject?: string
  /** Layers; all on by default. */
  readonly encryptTransport?: boolean
  readonly signMessage?: boolean
  readonly encryptContent?: boolean
  readonly signContent?: boolean
  /** Other parties than the demo's. */
  readonly signer?: KeyPair
  readonly reader?: KeyPair
  /** Instead of the one container with the document. */
  readonly containers?: readonly ContainerSpec[]
  readonly originatorCipher?: boolean
  /** Header blocks of other namespaces. */
  readonly custom?: OsciMessage['custom']
  readonly ivBytes?: 12 | 16
  readonly at?: Date
}

const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'
const PSS = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
const OAEP = { algorithm: `${ENC11}rsa-oaep`, digest: `${ENC}sha256`, mgf: `${ENC11}mgf1sha256` }
const GCM = `${ENC11}aes256-gcm`

/** Environment of the calling side; `keys` opens answers. */
export async function callerEnv(keys: DemoKeys): Promise<OsciEnv> {
  const decrypters = await Promise.all(
    (['intermediary-cipher', 'portal-cipher'] as const).map((name) => makeDecrypter(keys[name].certificate, keys[name].privateKey)),
  )
  return {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    keys: keyRing(decrypters),
    trust: pinnedTrust([]),
    limits: GATEWAY_LIMITS,
    algorithms: strictAlgorithms(),
  }
}

const signing = ({ certificate, privateKey }: KeyPair) => ({
  signer: makeSigner(certificate, privateKey),
  signatureMethod: PSS,
  digestMethod: `${ENC}sha256`,
})

function bundleOf(messageId: string, subject: string | undefined, at: Date) {
  const plain = { plain: at.toISOString() }
  return {
    messageId,
    processCard: {
      recentModification: at.toISOString(),
      creation: plain,
      forwarding: plain,
      ...(subject === undefined ? {} : { subject }),
    },
    inspectionReport: { inspections: [] },
  }
}

function containerOf(spec: DeliverySpec, keys: DemoKeys): ContainerSpec {
  const reader = spec.reader ?? keys['town-reader']
  const author = keys['portal-author']
  const contents: ContentSpec[] = [
    ...(spec.document ? [{ kind: 'data' as const, id: 'content0', bytes: spec.document }] : []),
    ...(spec.attachments ?? []).map((a, at): ContentSpec => ({ kind: 'attachment', id: `content${at + 1}`, name: a.name, bytes: a.bytes })),
  ]
  return {
    id: 'container0',
    contents,
    ...(spec.signContent === false
      ? {}
      : { sign: [{ ...signing(author), certificateId: certificateEntry('SignatureCertificateOriginator', author.certificate).id }] }),
    ...(spec.encryptContent === false
      ? {}
      : {
          encrypt: {
            readers: [
              { certificate: reader.certificate, certificateId: certificateEntry('CipherCertificateAddressee', reader.certificate).id },
            ],
            cipher: GCM,
            keyTransport: OAEP,
            ivBytes: spec.ivBytes ?? 12,
          },
        }),
  }
}

/** The bytes of a delivery. */
export async function buildDelivery(spec: DeliverySpec, keys: DemoKeys): Promise<Uint8Array> {
  const env = await callerEnv(keys)
  const built = await sealContent(spec.containers ?? [containerOf(spec, keys)], env)
  const at = spec.at ?? new Date()
  const messageId = spec.messageId ?? `demo-${randomBytes(12).toString('hex')}`
  const signer = spec.signer ?? keys['intermediary-signature']
  const own = (role: CertificateEntry['role'], pair: KeyPair): CertificateEntry => certificateEntry(role, pair.certificate)
  const isProcess = spec.type !== 'acceptDelivery'
  const common = {
    control: { challenge: spec.challenge ?? randomBytes(10).toString('base64') },
    languages: ['de'],
    intermediaryCertificates: [
      own('CipherCertificateIntermediary', keys['intermediary-cipher']),
      own('SignatureCertificateIntermediary', signer),
    ],
    certificates: [
      ...(spec.originatorCipher === false ? [] : [own('CipherCertificateOriginator', keys['portal-cipher'])]),
      own('CipherCertificateAddressee', spec.reader ?? keys['town-reader']),
      own('SignatureCertificateOriginator', keys['portal-author']),
    ],
    custom: spec.custom ?? [],
    content: built.content,
    attachments: built.attachments,
    evidence: {},
    remarks: [],
  }
  const processCardBundle = bundleOf(messageId, spec.subject, at)
  const message = (isProcess
    ? { ...common, type: 'processDelivery', order: { messageIdResponse: `answer-${messageId}`, processCardBundle } }
    : { ...common, type: 'acceptDelivery', order: { processCardBundle } }) as unknown as OsciMessage
  const sealing: Sealing = {
    ...(spec.signMessage === false ? {} : { sign: signing(signer) }),
    ...(spec.encryptTransport === false
      ? {}
      : { encryptFor: { certificate: keys['town-cipher'].certificate, cipher: GCM, keyTransport: OAEP, ivBytes: spec.ivBytes ?? 12 } }),
  }
  return osci.seal(message, { ...env, sealing })
}

export interface ReadAnswer {
  readonly message?: OsciMessage<'responseToProcessDelivery'>
  readonly fault?: Fault
  readonly codes: readonly string[]
  readonly texts: readonly string[]
  readonly content?: OpenedContent
  /** First content of the first container. */
  readonly document?: Uint8Array
}

/** Opens an answer with the caller's keys and verifies everything in it. */
export async function readAnswer(bytes: Uint8Array, keys: DemoKeys): Promise<ReadAnswer> {
  const env = await callerEnv(keys)
  const opened = await openAnswer(bytes, env)
  if (opened.type === 'fault') return { fault: opened, codes: opened.osciCode === undefined ? [] : [opened.osciCode], texts: [opened.text] }
  const message = opened as OsciMessage<'responseToProcessDelivery'>
  const { entries } = message.order.feedback
  const content = message.content ? await openContent(opened, env) : undefined
  const document = content?.containers[0]?.items.find((i) => i.kind === 'content')?.bytes
  return {
    message,
    codes: entries.map((e) => e.code),
    texts: entries.map((e) => e.text),
    ...(content ? { content } : {}),
    ...(document ? { document } : {}),
  }
}
