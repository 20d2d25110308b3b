// SPDX-License-Identifier: EUPL-1.2
/**
 * The way out towards parties that answer wrongly, late or not at all: what is said to the sender, also where telling it is hard, and that
 * nothing leaves twice.
 * @module
 */
import { expect } from 'chai'
import { packageCodec } from '../../../src/cli/compose/package-codec.js'
import { systemClock, systemRandom } from '../../../src/client/transport.js'
import { CoreError } from '../../../src/core/errors.js'
import type { StoredEnvelope } from '../../../src/core/ports.js'
import { GATEWAY_LIMITS } from '../../../src/env.js'
import { generateEnvelopeKey, generateReplyKey, importSigningKey } from '../../../src/envelope/keys.js'
import { openEnvelope } from '../../../src/envelope/open.js'
import type { OpenedEnvelope } from '../../../src/envelope/types.js'
import type { GatewayPorts } from '../../../src/gateway/ports.js'
import { sayNotice, sealResult } from '../../../src/gateway/way-out/reply.js'
import { attr, element } from '../../../src/xml/tree.js'
import { writeMessageMetaData } from '../../../src/osci/message-metadata.js'
import { until } from '../../until.js'
import { certificateRequest, removeDirectories, type House } from '../support.js'
import { answerTo, openRequest, type AnswerSpec } from './fake-recipient.js'
import { badParty, kinds, noticeOf, openParty, openStation, resultOf, WAY, type BadParty, type Station } from './support.js'
import { freePort } from '../../free-port.js'

const FAULT = (side: string) =>
  `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:${side}</faultcode><faultstring>no</faultstring><detail>9200</detail></soap:Fault></soap:Body></soap:Envelope>`

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('way out: answers', function () {
  this.timeout(60_000)
  let party: House
  let station: Station | undefined
  let bad: BadParty | undefined

  before(async () => {
    party = await openParty()
  })
  afterEach(async () => {
    await station?.close()
    await bad?.close()
    station = undefined
    bad = undefined
  })
  after(async () => {
    await party.close()
    await removeDirectories()
  })

  /** A way out to a party that answers so. */
  async function towards(answer: Parameters<typeof badParty>[0], options: Parameters<typeof openStation>[1] = {}): Promise<Station> {
    bad = await badParty(answer)
    station = await openStation(party, { delivery: 'process', uri: bad.url, ...options })
    return station
  }
  const answering = (spec: AnswerSpec, options?: Parameters<typeof openStation>[1]) =>
    towards(async (body, response) => void response.end(await answerTo(body, party.demo.keys, spec)), options)

  const DOCUMENT = { document: text('<a xmlns="urn:example:unknown"/>') }

  it('a right answer of this party arrives, so that every other case shows its own fault', async () => {
    const { ask } = await answering({ ...DOCUMENT })
    const events = await ask({ document: certificateRequest() })
    expect(kinds(events)).to.deep.equal(['sent', 'taken', 'notice', 'result'])
    expect(Buffer.from(resultOf(events)?.parts[0]?.bytes ?? []).toString()).to.equal('<a xmlns="urn:example:unknown"/>')
  })

  const unknown: readonly (readonly [rule: string, spec: AnswerSpec, ...codes: string[]])[] = [
    ['an unsigned answer', { ...DOCUMENT, signer: 'nobody' }, '9810', '9600'],
    ['an answer in clear', { ...DOCUMENT, encrypted: false }, '9810'],
    ['the answer to another request', { ...DOCUMENT, response: 'b3RoZXI=' }, '9810', '9400'],
    ['an answer with another MessageId than the one made for it', { ...DOCUMENT, messageId: 'another' }, '9810', 'T099'],
    ['a broken author signature', { ...DOCUMENT, authorSignature: 'broken' }, '9810', 'T011'],
    ['unsigned content to a signed request', { ...DOCUMENT, authorSignature: 'none' }, '9810', 'T010'],
    ['content in clear to a sealed request', { ...DOCUMENT, contentEncrypted: false }, '9810', 'T099'],
    ['9810 of the party', { codes: ['9810', '9811'] }, '9810', '9811'],
    ['a bare 9811 of the recipient', { codes: ['9811'] }, '9810', '9811'],
  ]
  for (const [rule, spec, ...codes] of unknown)
    it(`${rule} leaves open what happened: 9810 first, and no result`, async () => {
      const { ask, logged } = await answering(spec)
      const events = await ask({ document: certificateRequest() })
      expect(kinds(events)).to.deep.equal(['sent', 'taken', 'notice'])
      expect(noticeOf(events)).to.deep.equal({ status: 'rejected', codes })
      await until(() => logged('way-out').length > 0)
      expect(logged('way-out')[0]).to.include({ outcome: 'unknown' })
      expect(bad?.bodies.length).to.equal(1)
    })

  it('an answer signed by somebody else leaves open what happened', async () => {
    const { ask } = await answering({ ...DOCUMENT, signer: party.demo.keys['portal-author'] })
    expect(noticeOf(await ask({ document: certificateRequest() }))).to.deep.equal({ status: 'rejected', codes: ['9810', '9601'] })
  })

  it('a signer that the peer allows is refused where the directory lists another', async () => {
    const { ask } = await answering({ ...DOCUMENT }, { elements: '', service: '' })
    expect(noticeOf(await ask({ document: certificateRequest() })).status).to.equal('accepted')
    await station?.close()
    station = await openStation(party, {
      delivery: 'process',
      organizations: `formatVersion: 1
organizations:
  - keys: [ '${WAY}' ]
    name: Musterstadt (Demo)
    services:
      - serviceUri: 'urn:example:xprotektor:service:meldebescheinigung:1.0'
        communicationType: request-response
        delivery: process
        elements: [ { type: OSCI_ADDRESSEE, uri: '${bad?.url ?? ''}', cipherCertificate: keys/town-reader.pem, signatureCertificate: keys/town-author.pem } ]
`,
    })
    expect(noticeOf(await station.ask({ document: certificateRequest() })).codes).to.deep.equal(['9810', '9601'])
  })

  it('a document whose head answers another request is never delivered', async () => {
    await party.serve(async (request) => {
      if (request.content.kind === 'request') await request.refuse('X001')
    })
    // the register's side writes a rejection: a document of the standard that names the request it answers
    const first = await openStation(party, { delivery: 'process' })
    const events = await first.ask({ document: certificateRequest() })
    const answer = resultOf(events)?.parts.find((p) => p.role === 'document')?.bytes
    await first.close()
    expect(resultOf(events)?.xoev?.messageType).to.equal('administration.rueckweisung.0010')
    const { ask } = await answering(answer ? { document: answer } : {})
    expect(noticeOf(await ask({ document: certificateRequest() }))).to.deep.equal({ status: 'rejected', codes: ['9810', 'T099'] })
  })

  it('garbage leaves open what happened', async () => {
    const { ask } = await towards((_body, response) => void response.end('<html>gateway timeout</html>'))
    const notice = noticeOf(await ask({ document: certificateRequest() }))
    expect([notice.status, notice.codes[0]]).to.deep.equal(['rejected', '9810'])
    expect(bad?.bodies.length).to.equal(1)
  })

  it('a fault that blames the request means that nothing was processed; one that blames the server leaves it open', async () => {
    const { ask } = await towards((_body, response) => void response.end(FAULT('Client')))
    expect(noticeOf(await ask({ document: certificateRequest() })).codes).to.not.include('9810')
    await station?.close()
    await bad?.close()
    const { ask: again } = await towards((_body, response) => void response.end(FAULT('Server')))
    expect(noticeOf(await again({ document: certificateRequest() })).codes[0]).to.equal('9810')
  })

  it('a party that hangs is given up at the deadline: unknown, and never asked again', async () => {
    const { ask } = await towards(() => undefined, { way: '', mailbox: 'ttlSeconds: 10' })
    const events = await ask({ document: certificateRequest() })
    expect(noticeOf(events)).to.deep.equal({ status: 'rejected', codes: ['9810'] })
    expect(bad?.bodies.length).to.equal(1)
  })

  it('a connection that breaks after the request leaves open what happened, and is not repeated', async () => {
    const { ask } = await towards((_body, response) => void response.destroy())
    expect(noticeOf(await ask({ document: certificateRequest() })).codes).to.deep.equal(['9810'])
    expect(bad?.bodies.length).to.equal(1)
  })

  for (const delivery of ['process', 'mediate'] as const)
    it(`${delivery}: a party that is down means that nothing was processed: 9809, and the leased envelope goes back as refused`, async () => {
      const url = `http://127.0.0.1:${await freePort()}/osci`
      const mailbox = 'ttlSeconds: 10, handover: lease-and-confirm'
      station = await openStation(party, { delivery, uri: url, intermediaryUri: url, mailbox })
      const { ask, client } = station
      const events = await ask({ document: certificateRequest() })
      expect(noticeOf(events)).to.deep.equal({ status: 'rejected', codes: ['9809'] })
      const sent = events[0]
      const outcome = await client.outcome(sent?.kind === 'sent' ? sent.id : '', 5)
      expect(outcome).to.include({ outcome: 'refused', reason: '9809' })
    })

  it('an intermediary that hangs before the delivery means that nothing was processed', async () => {
    const silent = await badParty(() => undefined)
    try {
      station = await openStation(party, { delivery: 'mediate', intermediaryUri: silent.url, way: '' })
      expect(noticeOf(await station.ask({ document: certificateRequest() }))).to.deep.equal({ status: 'rejected', codes: ['9809'] })
    } finally {
      await silent.close()
    }
  })

  it('custom headers of the answer come back as evidence, those of the envelope go out', async () => {
    const block = element('urn:example:custom', 'c', 'Note', {
      namespaces: [{ prefix: 'c', uri: 'urn:example:custom' }],
      attributes: [attr('Id', 'note')],
      children: ['hello'],
    })
    const { ask } = await answering({ ...DOCUMENT, custom: [block] })
    const bytes = text(JSON.stringify([Buffer.from('<c:Note xmlns:c="urn:example:custom" Id="mine">outward</c:Note>').toString('base64')]))
    const parts = [{ name: 'custom-headers', mediaType: 'application/json', role: 'evidence' as const, bytes }]
    const events = await ask({ document: certificateRequest(), parts })
    const request = await openRequest(bad?.bodies[0] ?? Buffer.alloc(0), party.demo.keys)
    expect(request.custom.map((one) => [one.uri, one.local])).to.deep.equal([['urn:example:custom', 'Note']])
    const back = resultOf(events)?.parts.find((p) => p.name === 'custom-headers')
    const [first = ''] = JSON.parse(Buffer.from(back?.bytes ?? []).toString() || '[]') as string[]
    expect(Buffer.from(first, 'base64').toString()).to.contain('hello')
  })

  it('custom headers that would pass for the message’s own never leave', async () => {
    const { ask } = await answering({ ...DOCUMENT })
    const bytes = text(
      JSON.stringify([Buffer.from('<o:ControlBlock xmlns:o="http://www.osci.de/2002/04/osci" Id="x"/>').toString('base64')]),
    )
    const parts = [{ name: 'custom-headers', mediaType: 'application/json', role: 'evidence' as const, bytes }]
    expect(noticeOf(await ask({ document: certificateRequest(), parts }))).to.deep.equal({ status: 'rejected', codes: ['X000'] })
    expect(bad?.bodies).to.deep.equal([])
  })

  it('MessageMetaData is written from the head where the way out says so, covered by the signature; its answer must name it', async () => {
    const uuid = '9d7fbb5e-2f52-4f0b-a3a9-0a4cc35b4a43'
    const answer = (inReplyTo: string) =>
      writeMessageMetaData({
        origin: '2026-11-24T09:00:00.000Z',
        author: WAY,
        reader: 'mbp:99001',
        messageId: 'urn:de:xta:messageid:town:1',
        inReplyTo: [inReplyTo],
        service: 's',
        scenario: 'S',
        messageType: 't',
        payloadSchema: 'p',
        test: false,
      })
    const { ask } = await answering({ ...DOCUMENT, custom: [answer(`urn:de:xta:messageid:protektor:${uuid}`)] }, { metadata: true })
    expect(kinds(await ask({ document: certificateRequest({ uuid }) })).at(-1)).to.equal('result')
    const request = await openRequest(bad?.bodies[0] ?? Buffer.alloc(0), party.demo.keys)
    const [block] = request.custom
    expect(block?.local).to.equal('MessageMetaData')
    expect(block && request.evidence.signature?.covered.has(block)).to.equal(true)
    expect(packageCodec(GATEWAY_LIMITS).metadataAddress(request.custom).reader).to.equal(WAY)
    await station?.close()
    await bad?.close()
    const { ask: again } = await answering({ ...DOCUMENT, custom: [answer('urn:de:xta:messageid:protektor:other')] }, { metadata: true })
    expect(noticeOf(await again({ document: certificateRequest() })).codes).to.deep.equal(['9810', 'T099'])
  })

  it('without the option no MessageMetaData is written', async () => {
    const { ask } = await answering({ ...DOCUMENT })
    await ask({ document: certificateRequest() })
    expect((await openRequest(bad?.bodies[0] ?? Buffer.alloc(0), party.demo.keys)).custom).to.deep.equal([])
  })

  it('a notice that the core refuses for a moment does not cost the answer: the result comes, and the log says what was not heard', async () => {
    const { ask, gateway, logged } = await answering({ ...DOCUMENT })
    const { core } = gateway
    const put = core.put.bind(core)
    let replies = 0
    core.put = (envelope, reservation) =>
      envelope.to.startsWith('reply.') && ++replies === 1
        ? Promise.reject(new CoreError('quota', 'This mailbox is full.'))
        : put(envelope, reservation)
    const events = await ask({ document: certificateRequest() })
    expect(kinds(events)).to.deep.equal(['sent', 'taken', 'result'])
    expect(resultOf(events)?.parts[0]?.bytes).to.deep.equal(DOCUMENT.document)
    expect(replies).to.equal(2)
    await until(() => logged('way-out').length === 1)
    expect(logged('way-out')[0]).to.include({ outcome: 'done' })
    expect(logged('way-out-reply-lost').map(({ findings }) => findings)).to.deep.equal([['core.quota']])
  })

  it('an answer whose evidence has no room in an envelope is delivered without it', async () => {
    const { ask, logged } = await answering({ ...DOCUMENT, containerId: 'c'.repeat(201) })
    const events = await ask({ document: certificateRequest() })
    expect(kinds(events)).to.deep.equal(['sent', 'taken', 'notice', 'result'])
    expect(resultOf(events)?.parts[0]?.bytes).to.deep.equal(DOCUMENT.document)
    expect(resultOf(events)?.osci).to.equal(undefined)
    expect(logged('way-out-reply-lost')).to.deep.equal([])
  })

  it('a process card larger than the metadata of an envelope costs neither notice nor result', async () => {
    const [signs, reply] = [await generateEnvelopeKey('sig'), await generateReplyKey()]
    const told: StoredEnvelope[] = []
    const ports = {
      identity: { participant: 'gateway', signing: await importSigningKey(signs.privateJwk) },
      clock: systemClock,
      random: systemRandom,
      core: { put: (envelope: StoredEnvelope) => Promise.resolve(void told.push(envelope)) },
    } as unknown as GatewayPorts
    const asked = {
      header: { id: 'A'.repeat(22) },
      replyTo: `reply.${'0'.repeat(32)}`,
      replyKey: reply.publicJwk,
    } as unknown as OpenedEnvelope
    const facts = {
      messageType: 'responseToMediateDelivery',
      mode: 'blind' as const,
      messageSha256: '0'.repeat(64),
      transportEncrypted: true,
    }
    const evidence = { ...facts, processCard: { inspections: 'x'.repeat(700_000) } }
    await sayNotice(asked, { outcome: 'done', reasons: [{ code: '0800', text: 'done' }] }, evidence, ports)
    const result = await sealResult(asked, undefined, evidence, ports)
    for (const { body } of [...told, ...(result ? [result] : [])]) {
      const { osci, outcome } = await openEnvelope(body, { recipient: [reply.key], sender: () => signs.publicJwk })
      expect(osci).to.equal(undefined)
      expect(outcome?.status).to.be.oneOf(['accepted', 'done'])
    }
    expect([told.length, result === undefined]).to.deep.equal([1, false])
  })

  it('an answer with no room in an envelope is not called accepted: 9810, and the core is told unknown', async () => {
    const { ask, logged, client } = await answering(
      { ...DOCUMENT, contents: 257, authorSignature: 'none' },
      { mailbox: 'ttlSeconds: 2, handover: lease-and-confirm', service: '        contentSignature: none' },
    )
    const events = await ask({ document: certificateRequest(), ttlSeconds: 2 })
    expect(kinds(events)).to.deep.equal(['sent', 'taken', 'notice'])
    expect(noticeOf(events)).to.deep.equal({ status: 'rejected', codes: ['9810'] })
    await until(() => logged('way-out').length === 1)
    expect(logged('way-out')[0]).to.deep.include({ outcome: 'unknown', findings: ['envelope.metadata'] })
    const [sent] = events
    expect(await client.outcome(sent?.kind === 'sent' ? sent.id : '', 10)).to.include({ outcome: 'unknown' })
  })
})
