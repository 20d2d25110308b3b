// SPDX-License-Identifier: EUPL-1.2
/**
 * The law of blind mode: OSCI → envelope → OSCI loses nothing a peer could notice. A ContentPackage goes through a blind way out and a
 * blind recipient to the register's reader key, and its answer all the way back; nobody between could open either.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { OsciDelivery } from '../../../src/directory/ports.js'
import type { EnvelopePart } from '../../../src/envelope/types.js'
import { callerEnv, type DemoKeys } from '../../../src/cli/compose/demo-request.js'
import { packageCodec } from '../../../src/cli/compose/package-codec.js'
import { GATEWAY_LIMITS } from '../../../src/env.js'
import { packageParts, readPackageParts } from '../../../src/gateway/intermediary/stored.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { openContent } from '../../../src/osci/content-read.js'
import { itemsOf } from '../../../src/osci/content-types.js'
import { sealContent } from '../../../src/osci/content-write.js'
import { ENVELOPE_NAMESPACES, SOAP } from '../../../src/osci/names.js'
import type { OsciMessage } from '../../../src/osci/types.js'
import type { KeyPair } from '../../../src/pki/keystore.js'
import { keyRing, makeDecrypter, makeSigner } from '../../../src/pki/keys.js'
import { element } from '../../../src/xml/tree.js'
import { certificateRequest, removeDirectories, type House } from '../support.js'
import { kinds, noticeOf, openParty, openStation, resultOf, type Station } from './support.js'

const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const ENC11 = 'http://www.w3.org/2009/xmlenc11#'
const PSS = 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'
const packages = packageCodec(GATEWAY_LIMITS)

interface Parties {
  readonly author: KeyPair
  readonly cipher: KeyPair
  readonly reader: KeyPair
}

/** Sealed by its author alone, as parts of an envelope. */
async function sealed(document: Uint8Array, attachment: Uint8Array, { author, cipher, reader }: Parties, keys: DemoKeys) {
  const authorEntry = certificateEntry('SignatureCertificateOtherAuthor', author.certificate, 7)
  const cipherEntry = certificateEntry('CipherCertificateOtherAuthor', cipher.certificate, 7)
  const readerEntry = certificateEntry('CipherCertificateOtherReader', reader.certificate, 3)
  const signer = makeSigner(author.certificate, author.privateKey)
  const built = await sealContent(
    [
      {
        id: 'XPROTEKTOR_DATA',
        contents: [
          { kind: 'data', id: 'content0', bytes: document },
          { kind: 'attachment', id: 'content1', name: 'plan', bytes: attachment, contentType: 'application/pdf' },
        ],
        sign: [{ signer, certificateId: authorEntry.id, signatureMethod: PSS, digestMethod: `${ENC}sha256` }],
        encrypt: {
          readers: [{ certificate: reader.certificate, certificateId: readerEntry.id }],
          cipher: `${ENC11}aes256-gcm`,
          keyTransport: { algorithm: `${ENC11}rsa-oaep`, digest: `${ENC}sha256`, mgf: `${ENC11}mgf1sha256` },
          ivBytes: 12,
        },
      },
    ],
    await callerEnv(keys),
  )
  // in the scope of an Envelope, so that its canonical form stands alone
  element(SOAP, 'soap', 'Body', { namespaces: ENVELOPE_NAMESPACES, children: [built.content] })
  return packageParts({ ...built, certificates: [authorEntry, cipherEntry, readerEntry], custom: [] }, { packages })
}

/** What the reader finds, with nothing but its own key. */
async function opened(parts: readonly EnvelopePart[], reader: KeyPair, keys: DemoKeys) {
  const { content, certificates, attachments } = readPackageParts(parts, packages)
  const env = { ...(await callerEnv(keys)), keys: keyRing([await makeDecrypter(reader.certificate, reader.privateKey)]) }
  const message = { content, certificates, attachments, evidence: {} } as unknown as OsciMessage
  const { containers, problems, sealed: closed } = await openContent(message, env)
  return {
    problems: [...problems.map((p) => p.finding), ...closed.map((c) => c.reason)],
    container: containers[0]?.id,
    authors: containers[0]?.authors.map((a) => [a.verdict, a.certificate?.fingerprint256]),
    bytes: itemsOf(containers).map((item) => Buffer.from(item.bytes)),
  }
}

describe('way out: blind', function () {
  this.timeout(60_000)
  let party: House
  let station: Station | undefined
  let arrived: readonly EnvelopePart[] = []
  const answer = { document: randomBytes(3000), attachment: randomBytes(500) }

  before(async () => {
    party = await openParty({ mode: 'blind' })
    const { keys } = party.demo
    await party.serve(async (request) => {
      arrived = request.content.parts
      const parties = { author: keys['town-author'], cipher: keys['town-reader'], reader: keys['portal-cipher'] }
      await request.result({ parts: await sealed(answer.document, answer.attachment, parties, keys) })
    })
  })
  afterEach(async () => {
    await station?.close()
    station = undefined
    arrived = []
  })
  after(async () => {
    await party.close()
    await removeDirectories()
  })

  for (const delivery of ['process', 'mediate'] as const satisfies readonly OsciDelivery[])
    it(`${delivery}: bytes, attachments and author signatures are what they were, both ways`, async () => {
      const { keys } = party.demo
      station = await openStation(party, { delivery, mode: 'blind', cipher: 'town-cipher' })
      const asked = { document: randomBytes(5000), attachment: randomBytes(700) }
      const parties = { author: keys['portal-author'], cipher: keys['portal-cipher'], reader: keys['town-reader'] }
      const events = await station.ask({ parts: await sealed(asked.document, asked.attachment, parties, keys) })
      expect(kinds(events), station.lines.join('\n')).to.deep.equal(['sent', 'taken', 'notice', 'result'])
      expect(await opened(arrived, keys['town-reader'], keys)).to.deep.equal({
        problems: [],
        container: 'XPROTEKTOR_DATA',
        authors: [['valid', keys['portal-author'].certificate.fingerprint256]],
        bytes: [asked.document, asked.attachment],
      })
      const result = resultOf(events)
      expect(result?.osci).to.include({ mode: 'blind' })
      expect(await opened(result?.parts ?? [], keys['portal-cipher'], keys)).to.deep.equal({
        problems: [],
        container: 'XPROTEKTOR_DATA',
        authors: [['valid', keys['town-author'].certificate.fingerprint256]],
        bytes: [answer.document, answer.attachment],
      })
    })

  it('a document in clear never leaves where the service takes sealed content only', async () => {
    station = await openStation(party, { mode: 'blind', cipher: 'town-cipher' })
    expect(noticeOf(await station.ask({ document: certificateRequest() }))).to.deep.equal({ status: 'rejected', codes: ['X000'] })
    expect(arrived).to.deep.equal([])
  })
})
