// SPDX-License-Identifier: EUPL-1.2
/**
 * A delivery with a person in every place that can hold one: nothing of it is shown without `--show-values`, everything with it.
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { explain } from '../../src/check/explain/explain.js'
import { explainText } from '../../src/check/explain/outputs.js'
import { openContext, type OpenedContext } from '../../src/cli/commands/check-context.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import { sealContent } from '../../src/osci/content-write.js'
import { osci } from '../../src/osci/stages.js'
import type { OsciMessage } from '../../src/osci/types.js'
import { makeSigner } from '../../src/pki/keys.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { envWith, parties, RSA_PSS_SHA256, SHA256 } from '../osci/env.js'
import { everything, HEAD } from './everything.js'

const CANARY = 'Kanarienvogel4711'
const REQUEST = new URL('../../schemas/xprotektor/1.0/beispiele/gueltig/meldebescheinigung.anfrage.1000.erweitert.xml', import.meta.url)

/** The name's organisation becomes a surname: one octet of its type. */
function personOf(certificate: X509Certificate): X509Certificate {
  const hex = certificate.raw.toString('hex')
  return new X509Certificate(Buffer.from(hex.replaceAll('060355040a', '0603550404'), 'hex'))
}

async function delivery(): Promise<Uint8Array> {
  const { signer } = await parties()
  const env = envWith()
  const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z') }
  const pair = await issueCertificate({ commonName: CANARY, usage: 'signature', ...dates })
  const person = personOf(pair.certificate)
  const entry = certificateEntry('SignatureCertificateOtherAuthor', person, 0)
  const document = readFileSync(REQUEST, 'utf8').replace(/(<(?:\w+:)?familienname>)[^<]*/, `$1${CANARY}`)
  if (!document.includes(CANARY)) throw new Error('the example has no familienname')
  const container = {
    id: 'container0',
    contents: [
      { kind: 'data', id: 'content0', bytes: Buffer.from(document) },
      { kind: 'attachment', id: 'content1', name: `${CANARY}.txt`, bytes: Buffer.from(`Brief an ${CANARY}`), contentType: 'text/plain' },
    ],
    sign: [{ signer: makeSigner(person, pair.privateKey), certificateId: entry.id, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 }],
  } as const
  const { content, attachments } = await sealContent([container], env)
  const message: OsciMessage<'processDelivery'> = {
    type: 'processDelivery',
    control: { challenge: 'abc' },
    languages: ['de'],
    order: {},
    intermediaryCertificates: [certificateEntry('SignatureCertificateIntermediary', signer.certificate)],
    certificates: [entry],
    custom: [],
    content,
    attachments,
    evidence: {},
    remarks: [],
  }
  const sign = { signer: signer.signer, signatureMethod: RSA_PSS_SHA256, digestMethod: SHA256 }
  return osci.seal(message, { ...env, sealing: { sign } })
}

describe('explain: persons', () => {
  let opened: OpenedContext
  let message: Uint8Array
  before(async () => {
    opened = await openContext({ keystores: [], trust: [], schemas: [], workers: 1, warn: () => undefined })
    message = await delivery()
  })
  after(() => opened.close())

  it('L1 shows a delivery without any person in it: names, certificates, attachments, contents, bytes', async () => {
    const explanation = await explain(message, opened.context, false)
    const shown = everything(explanation)
    expect(shown).to.not.contain(CANARY)
    expect(shown).to.not.contain(encodeURIComponent(CANARY))
    const de = explainText(HEAD, explanation, 'de')
    expect(de).to.contain('Autorensignaturen: 1, davon gültig: 1.')
    expect(de).to.contain('Inhaber: CN=K••••••••,2.5.4.4=#')
    expect(de).to.contain('RSA 2048 bit: CN=K••••••••')
    expect(de).to.contain('Anhang attachment-1')
    expect(de).to.contain('Referenz auf cid:attachment-1')
    expect(de).to.contain('Dokument in content0 · meldebescheinigung.anfrage.1000')
    expect(de).to.match(/Autor: mbp:\S*•/)
    expect(de).to.contain('Standard: XProtektor-Demo')
    expect(de).to.contain('Nachrichtentyp: 1000')
    expect(de).to.match(/familienname\b/)
    expect(explanation.documents.map(({ id }) => id)).to.deep.equal(['file', 'content:content0'])
  })

  it('shows all of it when asked to, at the same places', async () => {
    const [masked, plain] = [await explain(message, opened.context, false), await explain(message, opened.context, true)]
    const de = explainText(HEAD, plain, 'de')
    expect(de).to.contain(`Inhaber: CN=${CANARY}`)
    expect(de).to.contain(`Anhang ${CANARY}.txt`)
    expect(de).to.contain(`Wert: ${CANARY}`)
    expect(de).to.match(/Leser: ags:\d{8}/)
    // of contents and attachments: a short text is found by guessing what has its digest
    const digestsIn = (text: string): number => text.match(/SHA-256: [0-9a-f]{64}/g)?.length ?? 0
    expect(digestsIn(de) - digestsIn(explainText(HEAD, masked, 'de'))).to.equal(2)
    const placesIn = (text: string): string[] => [...text.matchAll(/\[Bytes [^\]]*\]/g)].map(([place]) => place)
    expect(placesIn(de)).to.deep.equal(placesIn(explainText(HEAD, masked, 'de')))
  })

  it('L1 hides what recorders left around a message', async () => {
    const http = [`POST /osci?who=${CANARY} HTTP/1.1`, `Cookie: ${CANARY}`, `Content-Length: ${message.length}`, '', '']
    const mail = [`From: ${CANARY}@example.org`, `Subject: ${CANARY}`, `Content-Type: application/xml; name="${CANARY}.xml"`, '', '']
    const document = Buffer.from(`<?xml version="1.0"?><a><b>${CANARY}</b></a>`)
    for (const [head, body, name] of [[http, message, 'HTTP-Kopf'], [mail, document, 'Kopf der E-Mail']] as const) {
      const bytes = Buffer.concat([Buffer.from(head.join('\r\n')), body])
      const explanation = await explain(bytes, opened.context, false)
      expect(everything(explanation), name).to.not.contain(CANARY)
      const de = explainText(HEAD, explanation, 'de')
      expect(de).to.contain(`== ${name} ==  [Bytes 0–${bytes.length - body.length - 1}]`)
      expect(everything(await explain(bytes, opened.context, true)), name).to.contain(CANARY)
    }
  }) // prettier-ignore
})
