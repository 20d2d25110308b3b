// SPDX-License-Identifier: EUPL-1.2
/**
 * Answers of a passive recipient to acceptDelivery and processDelivery, right or wrong in one place.
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { deliveryParts } from '../../../src/client/osci/content.js'
import { AES_256_GCM, DEFAULT_SIGNATURE, OAEP_SHA256 } from '../../../src/osci/suite.js'
import { GATEWAY_LIMITS } from '../../../src/env.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { sealFault } from '../../../src/osci/fault.js'
import { osci } from '../../../src/osci/stages.js'
import type { CertificateEntry, OsciEnv, OsciMessage, Sealing } from '../../../src/osci/types.js'
import { keyRing, makeDecrypter, makeSigner } from '../../../src/pki/keys.js'
import { pinnedTrust } from '../../../src/pki/pinned.js'
import { gatewayAlgorithms } from '../../../src/xml/algorithms.js'
import { systemClock, systemRandom } from '../../../src/client/transport.js'
import { keysOf, type PartyName } from './house.js'

export interface PassiveAnswer {
  readonly codes?: readonly string[]
  readonly signer?: PartyName | 'nobody' | 'broken'
  readonly encrypted?: boolean
  readonly response?: string
  /** Default: the MessageIdResponse; undefined: none. */
  readonly messageId?: string | undefined
  readonly content?: string
  /** Beside those of the content. */
  readonly certificates?: readonly CertificateEntry[]
}

const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

async function townEnv(): Promise<OsciEnv> {
  const { cipher } = await keysOf('town')
  return {
    ...systemClock,
    random: systemRandom,
    keys: keyRing([await makeDecrypter(cipher.certificate, cipher.privateKey)]),
    trust: pinnedTrust([]),
    limits: GATEWAY_LIMITS,
    algorithms: {
      transport: gatewayAlgorithms({ where: 'transport' }),
      signature: gatewayAlgorithms({ where: 'signature' }),
      content: gatewayAlgorithms({ where: 'content' }),
    },
  }
}

/** The request as the town reads it. */
export const openPassive = async (body: Uint8Array): Promise<OsciMessage> => osci.open(body, await townEnv())

export const passiveFault = (side: 'Client' | 'Server', osciCode: string): Uint8Array =>
  sealFault({ type: 'fault', side, text: 'no', osciCode })

export async function passiveAnswer(body: Uint8Array, spec: PassiveAnswer = {}): Promise<Uint8Array> {
  const env = await townEnv()
  const request = await osci.open(body, env)
  const { signer = 'town', encrypted = true, codes = ['0800'] } = spec
  const process = request.type === 'processDelivery'
  const keys = signer === 'nobody' ? undefined : (await keysOf(signer === 'broken' ? 'town' : signer)).signature
  const certified = [...(request.intermediaryCertificates ?? []), ...(request.certificates ?? [])]
  const derOf = (role: string): X509Certificate | undefined => {
    const entry = certified.find((one) => one.role === role)
    return entry && new X509Certificate(entry.der)
  }
  const sign = keys && { signer: makeSigner(keys.certificate, keys.privateKey), signatureMethod: DEFAULT_SIGNATURE, digestMethod: SHA256 }
  const reader = derOf('CipherCertificateOriginator')
  const town = (await keysOf('town')).cipher
  const parts =
    process && spec.content !== undefined && reader
      ? await deliveryParts(
          { document: new TextEncoder().encode(spec.content), addressee: reader, sign: false },
          { env, cipher: town.certificate, role: 'originator' },
        )
      : undefined
  const { messageIdResponse } = request.order as { readonly messageIdResponse?: string }
  const messageId = 'messageId' in spec ? spec.messageId : messageIdResponse
  const message = {
    type: process ? 'responseToProcessDelivery' : 'responseToAcceptDelivery',
    control: { response: spec.response ?? request.control.challenge ?? '' },
    ...(parts && messageId !== undefined
      ? {
          timestamps: [
            { service: 'creation', quality: 'plain' },
            { service: 'reception', quality: 'plain' },
          ],
        }
      : {}),
    order: {
      feedback: { entries: codes.map((code) => ({ code, text: code, lang: 'de' })) },
      ...(parts && messageId !== undefined ? { messageId } : {}),
    },
    certificates: [
      ...(keys ? [certificateEntry(process ? 'SignatureCertificateOriginator' : 'SignatureCertificateAddressee', keys.certificate)] : []),
      ...(parts?.certificates ?? []),
      ...(spec.certificates ?? []),
    ],
    custom: [],
    ...(parts ? { content: parts.content } : {}),
    attachments: parts?.attachments ?? [],
    evidence: {},
    remarks: [],
  } as unknown as OsciMessage
  const answerTo = derOf('CipherCertificateIntermediary')
  const broken = { ...sign, signer: { ...sign?.signer, sign: async () => Promise.resolve(new Uint8Array(256).fill(3)) } }
  const sealing = {
    ...(sign ? { sign: signer === 'broken' ? broken : sign } : {}),
    ...(encrypted && answerTo
      ? { encryptFor: { certificate: answerTo, cipher: AES_256_GCM, keyTransport: OAEP_SHA256, ivBytes: 12 } }
      : {}),
  } as Sealing
  return osci.seal(message, { ...env, sealing })
}
