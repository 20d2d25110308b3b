// SPDX-License-Identifier: EUPL-1.2
/**
 * Encrypted containers inside of signed ones: as the reference library signs them (messages that it made), and as we do.
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { certificateEntry } from '../../src/osci/certificates.js'
import { openContent } from '../../src/osci/content-read.js'
import { allContainers, itemsOf, type ContainerSpec, type OpenedContent } from '../../src/osci/content-types.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciEnv, OsciMessage } from '../../src/osci/types.js'
import { gatewayAlgorithms } from '../../src/xml/algorithms.js'
import { AES256_GCM, envWith, FOREIGN, OAEP_SHA256, party, processDeliveryOf, RSA_PSS_SHA256, SHA256, type Party } from './env.js'

const verdicts = (opened: OpenedContent) => allContainers(opened.containers).flatMap((c) => c.authors.map(({ verdict }) => verdict))
const covered = (opened: OpenedContent) => allContainers(opened.containers).map((c) => c.authors.flatMap((author) => author.covered))
const findings = (opened: OpenedContent) => opened.problems.map((p) => p.finding)
const remarks = (opened: OpenedContent) => opened.remarks.map((r) => r.finding)
const texts = (opened: OpenedContent) => itemsOf(opened.containers).map(({ bytes }) => Buffer.from(bytes).toString())
const UNDECLARED = 'author-signature.undeclared-namespaces'

describe('encrypted containers inside of signed ones', () => {
  let author: Party, reader: Party, sender: Party
  let env: OsciEnv
  before(async () => {
    ;[author, reader, sender] = (await Promise.all(['author-sign', 'reader-cipher', 'intermed-sign'].map(party))) as [Party, Party, Party]
    env = envWith(reader.decrypter)
  })

  const captured = (name: string): string => readFileSync(new URL(name, FOREIGN)).toString('latin1')
  const opened = async (bytes: string, at = env): Promise<OpenedContent> =>
    openContent(await osci.open(Buffer.from(bytes, 'latin1'), { ...at, inspection: true }), at)

  it('are read as the reference library signs them, with a remark on the form of the digest', async () => {
    const clear = await opened(captured('nested-box-in-clear.bin'))
    expect([findings(clear), verdicts(clear), remarks(clear)]).to.deep.equal([[], ['valid', 'valid'], [UNDECLARED]])
    expect(texts(clear)).to.deep.equal(['aussen', 'innen', 'Anlage'])
    // the author inside has signed the attachment, the one around it the box that holds its key
    expect(covered(clear).map((uris) => uris.some((uri) => uri.startsWith('cid:')))).to.deep.equal([false, true])
    const box = await opened(captured('nested-box-in-a-box.bin'))
    expect([findings(box), verdicts(box), remarks(box), texts(box)]).to.deep.equal([[], ['valid'], [UNDECLARED], ['aussen', 'innen']])
  })

  it('G3 an attachment whose key stands outside of the signed box is not signed by it', async () => {
    const open = await opened(captured('nested-box-in-a-box-with-attachment.bin'))
    expect([findings(open), verdicts(open)]).to.deep.equal([['author-signature.not-covered'], ['invalid']])
  })

  it('G3 nor is one without a tag: whoever has no key can change it', async () => {
    const content = gatewayAlgorithms({ where: 'content', legacy: { cbcContent: true } })
    const open = await opened(captured('nested-cbc-box-in-clear.bin'), { ...env, algorithms: { ...env.algorithms, content } })
    expect([findings(open), verdicts(open), texts(open)]).to.deep.equal([
      ['author-signature.not-covered'],
      ['invalid'],
      ['aussen', 'innen', 'Anlage'],
    ])
  })

  const certificates = () => [
    certificateEntry('SignatureCertificateOtherAuthor', author.certificate, 0),
    certificateEntry('CipherCertificateOtherReader', reader.certificate, 0),
  ]
  const idOf = (at: number): string => certificates()[at]?.id ?? ''
  const sign = () => [{ signer: author.signer, certificateId: idOf(0), signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 }]
  const encrypt = () => ({
    readers: [{ certificate: reader.certificate, certificateId: idOf(1) }],
    cipher: AES256_GCM,
    keyTransport: OAEP_SHA256,
    ivBytes: 12 as const,
  })
  const around = (more: Partial<ContainerSpec>): ContainerSpec => ({
    id: 'around',
    contents: [
      {
        kind: 'container',
        id: 'inner',
        container: {
          id: 'inside',
          contents: [{ kind: 'attachment', id: 'a', name: 'datei.bin', bytes: Buffer.from('Anlage') }],
          encrypt: encrypt(),
        },
      },
    ],
    sign: sign(),
    ...more,
  })

  const sealed = async (spec: ContainerSpec): Promise<OsciMessage> =>
    osci.open(await processDeliveryOf([spec], certificates(), sender, env), env)

  it('are signed in that form, too: its attachments only where their keys stand outside of the box', async () => {
    const clear = await openContent(await sealed(around({})), env)
    expect([findings(clear), verdicts(clear), remarks(clear)]).to.deep.equal([[], ['valid'], [UNDECLARED]])
    expect(covered(clear)[0]).to.deep.equal(['#encdata_0'])
    const box = await openContent(await sealed(around({ encrypt: encrypt() })), env)
    expect([findings(box), verdicts(box), remarks(box)]).to.deep.equal([[], ['valid'], [UNDECLARED]])
    expect(covered(box)[0]).to.deep.equal(['#encdata_0', 'cid:datei.bin'])
  })

  it('G2 a changed box is a changed box, in whatever form', async () => {
    const message = await sealed(around({}))
    const other = await sealed(around({}))
    const [box] = other.content?.children.flatMap((c) => (c.kind === 'element' ? c.children : [])).filter((c) => c.kind === 'element' && c.local === 'EncryptedData') ?? [] // prettier-ignore
    const container = message.content?.children.find((c) => c.kind === 'element')
    if (!box || container?.kind !== 'element') throw new Error('no box')
    const at = container.children.findIndex((c) => c.kind === 'element' && c.local === 'EncryptedData')
    ;(container.children as unknown[])[at] = box
    const open = await openContent({ ...message, attachments: other.attachments }, env)
    expect([findings(open), verdicts(open)]).to.deep.equal([['author-signature.digest-mismatch'], ['invalid']])
  })
})
