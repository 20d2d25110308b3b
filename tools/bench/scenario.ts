// SPDX-License-Identifier: EUPL-1.2
/**
 * The measured message: a processDelivery with a 10 KB document, author-signed, content encrypted, message signed, transport-encrypted;
 * and the answer with the same layers. Keys are made for the run.
 * @module
 */
import { portionedRandom } from '../../src/cli/compose/world.js'
import { GATEWAY_LIMITS, type Decrypter, type Signer } from '../../src/env.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import { openContent } from '../../src/osci/content-read.js'
import { itemsOf } from '../../src/osci/content-types.js'
import { sealContent } from '../../src/osci/content-write.js'
import { assertType, osci } from '../../src/osci/stages.js'
import type { OsciEnv, OsciMessage } from '../../src/osci/types.js'
import { keyRing, makeDecrypter, makeSigner } from '../../src/pki/keys.js'
import { makePki, type TestKey } from '../../src/pki/test-pki.js'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'

const SIGNATURE = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const DIGEST = 'http://www.w3.org/2001/04/xmlenc#sha256'
const CIPHER = 'http://www.w3.org/2009/xmlenc11#aes256-gcm'
export const KEY_TRANSPORT = {
  algorithm: 'http://www.w3.org/2009/xmlenc11#rsa-oaep',
  digest: DIGEST,
  mgf: 'http://www.w3.org/2009/xmlenc11#mgf1sha256',
} as const

interface Pair {
  readonly decrypter: Decrypter
  readonly signer: Signer
}

export interface Scenario {
  readonly env: OsciEnv
  readonly request: Uint8Array
  readonly addressee: Pair
  readonly author: Pair
  /** Opens, verifies, decrypts; gives document and message. */
  open(bytes: Uint8Array): Promise<{ message: OsciMessage; document: Uint8Array }>
  /** Seals a ready answer document with the layers of the request. */
  answer(message: OsciMessage, document: Uint8Array): Promise<Uint8Array>
}

export async function scenario(
  key: TestKey,
  document: Uint8Array,
  type: 'processDelivery' | 'acceptDelivery' = 'processDelivery',
): Promise<Scenario> {
  const usage = { usage: 'both', key } as const
  const pki = await makePki({
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000 * 30),
    caKey: key,
    leaves: { intermediary: usage, addressee: usage, author: usage, originator: usage },
  })
  const pair = async (name: string): Promise<Pair> => {
    const leaf = pki.leaves.get(name)
    if (!leaf) throw new Error(name)
    return { decrypter: await makeDecrypter(leaf.certificate, leaf.privateKey), signer: makeSigner(leaf.certificate, leaf.privateKey) }
  }
  const [intermediary, addressee, author, originator] = await Promise.all(['intermediary', 'addressee', 'author', 'originator'].map(pair))
  if (!intermediary || !addressee || !author || !originator) throw new Error('keys')
  const env: OsciEnv = {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random: portionedRandom(),
    keys: keyRing([addressee.decrypter, intermediary.decrypter]),
    trust: { check: () => Promise.resolve({ verdict: 'valid', path: [] }) },
    limits: GATEWAY_LIMITS,
    algorithms: {
      transport: gatewayAlgorithms({ where: 'transport' }),
      signature: gatewayAlgorithms({ where: 'signature' }),
      content: gatewayAlgorithms({ where: 'content' }),
    },
  }
  const seal = async (to: Pair, by: Pair, signedBy: Pair, message: (extra: Partial<OsciMessage>) => OsciMessage, bytes: Uint8Array) => {
    const reader = certificateEntry('CipherCertificateAddressee', to.decrypter.certificate)
    const writer = certificateEntry('SignatureCertificateOtherAuthor', by.signer.certificate, 0)
    const { content, attachments } = await sealContent(
      [
        {
          id: 'XPROTEKTOR_DATA',
          contents: [{ kind: 'data', id: 'content0', bytes }],
          sign: [{ signer: by.signer, certificateId: writer.id, signatureMethod: SIGNATURE, digestMethod: DIGEST }],
          encrypt: {
            readers: [{ certificate: to.decrypter.certificate, certificateId: reader.id }],
            cipher: CIPHER,
            keyTransport: KEY_TRANSPORT,
            ivBytes: 12,
          },
        },
      ],
      env,
    )
    const sealing = {
      sign: { signer: signedBy.signer, signatureMethod: SIGNATURE, digestMethod: DIGEST },
      encryptFor: { certificate: to.decrypter.certificate, cipher: CIPHER, keyTransport: KEY_TRANSPORT, ivBytes: 12 as const },
    }
    return osci.seal(message({ content, attachments, certificates: [reader, writer] }), { ...env, sealing })
  }
  const stamp = { plain: '2026-11-24T09:00:00.000Z' }
  const card = {
    messageId: 'demo-1',
    processCard: { recentModification: stamp.plain, creation: stamp, forwarding: stamp },
    inspectionReport: { inspections: [] },
  }
  const base = { custom: [], evidence: {}, remarks: [], attachments: [] }
  const request = await seal(
    addressee,
    author,
    intermediary,
    (extra) => ({
      ...base,
      type,
      control: { challenge: 'Q2hhbGxlbmdl' },
      languages: ['de'],
      order: type === 'processDelivery' ? { messageIdResponse: 'demo-2', processCardBundle: card } : { processCardBundle: card },
      intermediaryCertificates: [
        certificateEntry('CipherCertificateIntermediary', intermediary.decrypter.certificate),
        certificateEntry('SignatureCertificateIntermediary', intermediary.signer.certificate),
      ],
      ...extra,
    }),
    document,
  )
  return {
    env,
    request,
    addressee,
    author,
    async open(bytes) {
      const message = assertType(await osci.open(bytes, env), 'processDelivery', 'acceptDelivery')
      const content = await openContent(message, env)
      const [item] = itemsOf(content.containers)
      if (content.problems.length > 0 || !item) throw content.problems[0] ?? new Error('no content')
      return { message, document: item.bytes }
    },
    answer: (message, bytes) =>
      seal(
        intermediary,
        addressee,
        addressee,
        (extra) =>
          ({
            ...base,
            type: 'responseToProcessDelivery',
            control: { response: message.control.challenge },
            order: { feedback: { entries: [{ code: '0800', text: 'Auftrag erledigt', lang: 'de' }] } },
            ...extra,
            certificates: [...(extra.certificates ?? []), certificateEntry('SignatureCertificateOriginator', addressee.signer.certificate)],
          }) as OsciMessage,
        bytes,
      ),
  }
}
