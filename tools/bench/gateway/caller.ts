// SPDX-License-Identifier: EUPL-1.2
/**
 * The calling intermediary, with its keys opened once: at some thousand messages the demo's caller, which opens them for every call,
 * would be slower than the gateway that is measured.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { callerEnv, type DemoKeys } from '../../../src/cli/compose/demo-request.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { openContent } from '../../../src/osci/content-read.js'
import { sealContent } from '../../../src/osci/content-write.js'
import { openAnswer, osci } from '../../../src/osci/stages.js'
import type { OsciMessage } from '../../../src/osci/types.js'
import { makeSigner } from '../../../src/pki/keys.js'
import { KEY_TRANSPORT } from '../scenario.js'

const SIGNATURE = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const DIGEST = 'http://www.w3.org/2001/04/xmlenc#sha256'
const GCM = { cipher: 'http://www.w3.org/2009/xmlenc11#aes256-gcm', keyTransport: KEY_TRANSPORT, ivBytes: 12 } as const

export interface Caller {
  /** A processDelivery with all layers around the document, and a message id of its own. */
  build(document: Uint8Array): Promise<Uint8Array>
  /** Opens an answer. @throws {Error} it is not 0800 with a document. */
  read(answer: Uint8Array): Promise<void>
}

/** The order of a logged processDelivery, with the card that its intermediary just made. */
export function orderOf(messageId: string): OsciMessage<'processDelivery'>['order'] {
  const stamp = { plain: new Date().toISOString() }
  return {
    messageIdResponse: `answer-${messageId}`,
    processCardBundle: {
      messageId,
      processCard: { recentModification: stamp.plain, creation: stamp, forwarding: stamp },
      inspectionReport: { inspections: [] },
    },
  }
}

export async function caller(keys: DemoKeys): Promise<Caller> {
  const env = await callerEnv(keys)
  const signing = (name: 'portal-author' | 'intermediary-signature') => ({
    signer: makeSigner(keys[name].certificate, keys[name].privateKey),
    signatureMethod: SIGNATURE,
    digestMethod: DIGEST,
  })
  const author = signing('portal-author')
  const encryptFor = { certificate: keys['town-cipher'].certificate, ...GCM }
  const sealing = { sign: signing('intermediary-signature'), encryptFor }
  const addressee = certificateEntry('CipherCertificateAddressee', keys['town-reader'].certificate)
  const originator = certificateEntry('SignatureCertificateOriginator', keys['portal-author'].certificate)
  const certificates = [certificateEntry('CipherCertificateOriginator', keys['portal-cipher'].certificate), addressee, originator]
  const intermediaryCertificates = [
    certificateEntry('CipherCertificateIntermediary', keys['intermediary-cipher'].certificate),
    certificateEntry('SignatureCertificateIntermediary', keys['intermediary-signature'].certificate),
  ]
  return {
    async build(bytes) {
      const { content, attachments } = await sealContent(
        [
          {
            id: 'container0',
            contents: [{ kind: 'data', id: 'content0', bytes }],
            sign: [{ ...author, certificateId: originator.id }],
            encrypt: { readers: [{ certificate: keys['town-reader'].certificate, certificateId: addressee.id }], ...GCM },
          },
        ],
        env,
      )
      const messageId = `bench-${randomBytes(12).toString('hex')}`
      const message: OsciMessage<'processDelivery'> = {
        type: 'processDelivery',
        control: { challenge: randomBytes(10).toString('base64') },
        languages: ['de'],
        order: orderOf(messageId),
        intermediaryCertificates,
        certificates,
        custom: [],
        content,
        attachments,
        evidence: {},
        remarks: [],
      }
      return osci.seal(message, { ...env, sealing })
    },
    async read(answer) {
      const opened = await openAnswer(answer, env)
      if (opened.type === 'fault') throw new Error(`fault ${opened.osciCode ?? ''}`)
      const { feedback } = (opened as OsciMessage<'responseToProcessDelivery'>).order
      const codes = feedback.entries.map((e) => e.code)
      const content = opened.content ? await openContent(opened, env) : undefined
      if (!codes.includes('0800') || !content?.containers[0]?.items[0] || content.problems.length > 0)
        throw new Error(`the gateway answered ${codes.join(' ')}`)
    },
  }
}
