// SPDX-License-Identifier: EUPL-1.2
/**
 * The way out towards the core: whose envelopes it takes, what the core is told, and how it stops.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import type { JWK } from 'jose'
import { connect } from '../../../src/client/connect.js'
import { generateEnvelopeKey, importSigningKey } from '../../../src/envelope/keys.js'
import { sealEnvelope } from '../../../src/envelope/seal.js'
import type { EnvelopeContent } from '../../../src/envelope/types.js'
import { systemRandom } from '../../../src/client/transport.js'
import { until } from '../../until.js'
import { certificateRequest, echo, removeDirectories, type House } from '../support.js'
import { answerTo } from './fake-recipient.js'
import { badParty, kinds, noticeOf, openParty, openStation, resultOf, WAY, type BadParty, type Station } from './support.js'

const LEASE = 'ttlSeconds: 3, handover: lease-and-confirm'

describe('way out: handover', function () {
  this.timeout(60_000)
  let party: House
  let station: Station | undefined
  let bad: BadParty | undefined

  before(async () => {
    party = await openParty()
    await party.serve(echo)
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

  const document = { name: 'content0', mediaType: 'application/xml', role: 'document' as const, bytes: new Uint8Array(Buffer.from('<x/>')) }

  /** An envelope put past the client, as a faulty or hostile participant would. */
  async function put(at: Station, change: Partial<EnvelopeContent> = {}, how: { recipient?: JWK; sender?: JWK; putBy?: string } = {}) {
    const { core } = at.gateway
    const sign = (JSON.parse(await readFile(`${party.demo.directory}/keys/portal-1.private.json`, 'utf8')) as { sign: JWK }).sign
    const header = { id: Buffer.from(systemRandom(18)).toString('base64url'), to: WAY, ttlSeconds: 3 }
    const content: EnvelopeContent = {
      header,
      kind: 'message',
      sender: 'portal-1',
      createdAt: new Date().toISOString(),
      parts: [document],
      ...change,
    }
    const keys = { recipient: how.recipient ?? at.key, sender: await importSigningKey(how.sender ?? sign) }
    const body = await sealEnvelope(content, keys, systemRandom)
    await core.put({ ...header, sender: how.putBy ?? 'portal-1', body })
    return core.settled(header.id, 5000)
  }

  it('what is not sealed for us, not signed by a registered participant, put by another one, or no request is refused with T020', async () => {
    bad = await badParty((_body, response) => void response.end())
    station = await openStation(party, { delivery: 'accept', uri: bad.url, mailbox: LEASE })
    const foreign = await generateEnvelopeKey('enc')
    const stranger = await generateEnvelopeKey('sig')
    const outcomes = [
      await put(station, {}, { recipient: foreign.publicJwk }),
      await put(station, {}, { sender: stranger.privateJwk }),
      await put(station, { sender: 'nobody' }),
      await put(station, {}, { putBy: 'portal-2' }),
      await put(station, { kind: 'result', inReplyTo: 'A'.repeat(24) }),
    ]
    for (const record of outcomes) expect(record).to.include({ outcome: 'refused', reason: 'T020' })
    expect(bad.bodies).to.deep.equal([])
    await until(() => station?.logged('way-out').length === outcomes.length)
    expect(station.logged('way-out').map((line) => line.findings)).to.deep.equal([
      ['envelope.not-for-us'],
      ['envelope.unknown-sender'],
      ['envelope.unknown-sender'],
      ['policy.not-an-outgoing-envelope'],
      ['policy.not-an-outgoing-envelope'],
    ])
  })

  it('at most once: the core says delivered when the envelope is taken, whatever becomes of it; log and metrics say what', async () => {
    bad = await badParty((_body, response) => void response.destroy())
    station = await openStation(party, { delivery: 'accept', uri: bad.url })
    expect(await put(station)).to.include({ outcome: 'delivered' })
    await until(() => station?.logged('way-out').length === 1)
    expect(station.logged('way-out')[0]).to.include({ outcome: 'unknown' })
    const metrics = await (await fetch(`${station.gateway.admin.url}/metrics`)).text()
    expect(metrics).to.contain('protektor_deliveries_total{role="wayOut",outcome="unknown"} 1')
  })

  it('lease: what may have been processed never comes back, and ends as unknown', async () => {
    bad = await badParty((_body, response) => void response.destroy())
    station = await openStation(party, { delivery: 'accept', uri: bad.url, mailbox: LEASE })
    expect(await put(station)).to.include({ outcome: 'unknown' })
    expect(bad.bodies.length).to.equal(1)
  })

  it('an envelope that nobody took in time never leaves', async () => {
    bad = await badParty((_body, response) => void response.end())
    // every taker hangs on an envelope of its own
    const hung = await badParty(() => undefined)
    try {
      station = await openStation(party, { delivery: 'accept', uri: hung.url, mailbox: LEASE })
      const { client, key } = station
      const one = { to: WAY, recipientKey: key, document: certificateRequest(), ttlSeconds: 2 }
      for (let n = 0; n < 16; n++) await client.send({ ...one, document: certificateRequest() })
      await until(() => hung.bodies.length === 16)
      const { id } = await client.send(one)
      expect((await client.outcome(id, 5))?.outcome).to.equal('expired')
      expect(hung.bodies.length).to.equal(16)
    } finally {
      await hung.close()
    }
  })

  it('many at a time go side by side', async () => {
    station = await openStation(party)
    const { ask } = station
    const all = await Promise.all(Array.from({ length: 12 }, () => ask({ document: certificateRequest() })))
    for (const events of all) expect(kinds(events).at(-1)).to.equal('result')
  })

  it('a service that the directory does not have any more: nothing is sent, the reason is T080, and a new directory holds at once', async () => {
    station = await openStation(party)
    const good = await readFile(station.directoryFile, 'utf8')
    await writeFile(station.directoryFile, good.replace('meldebescheinigung:1.0', 'other:1.0'))
    await until(() => station?.logged('directory-taken').length === 1)
    expect(noticeOf(await station.ask({ document: certificateRequest() }))).to.deep.equal({ status: 'rejected', codes: ['T080'] })
    await writeFile(station.directoryFile, good)
    await until(() => station?.logged('directory-taken').length === 2)
    expect(noticeOf(await station.ask({ document: certificateRequest() })).status).to.equal('accepted')
  })

  it('a service for categories that we are in none of: T070, nothing is sent', async () => {
    bad = await badParty((_body, response) => void response.end())
    station = await openStation(party, { uri: bad.url, service: '        allowedUserCategories: [ Finanzamt ]' })
    expect(noticeOf(await station.ask({ document: certificateRequest() }))).to.deep.equal({ status: 'rejected', codes: ['T070'] })
    expect(bad.bodies).to.deep.equal([])
  })

  it('a service that wants signed content does not start without an author key, and the problem names the way out', async () => {
    let error: unknown
    try {
      station = await openStation(party, { author: false })
    } catch (cause) {
      error = cause
    }
    expect(JSON.stringify(error)).to.contain('outgoing[0].keys').and.to.contain('keyrings.portal.author')
  })

  it('a service that does not want it gets content unsigned and in clear', async () => {
    station = await openStation(party, { author: false, service: '        contentSignature: none\n        contentEncrypted: false' })
    const events = await station.ask({ document: certificateRequest() })
    expect(kinds(events).at(-1)).to.equal('result')
  })

  it('stop: what is under way ends and is reported, nothing new is taken', async () => {
    const release: (() => void)[] = []
    bad = await badParty(async (body, response) => {
      await new Promise<void>((resolve) => release.push(resolve))
      response.end(await answerTo(body, party.demo.keys, { document: new TextEncoder().encode('<a/>') }))
    })
    station = await openStation(party, { uri: bad.url })
    const asked = station.ask({ document: certificateRequest() })
    await until(() => release.length === 1)
    const closed = station.gateway.close(4000)
    release[0]?.()
    await closed
    await until(() => station?.logged('way-out').length === 1)
    expect(station.logged('way-out').map((line) => line.outcome)).to.deep.equal(['done'])
    await asked.catch(() => undefined)
  })

  it('stop: what does not end by itself is ended, and reported as unknown', async () => {
    bad = await badParty(() => undefined)
    station = await openStation(party, { uri: bad.url, way: '' })
    void station.ask({ document: certificateRequest() }).catch(() => undefined)
    await until(() => bad?.bodies.length === 1)
    await station.gateway.close(100)
    await until(() => station?.logged('way-out').length === 1)
    expect(station.logged('way-out').map((line) => line.outcome)).to.deep.equal(['unknown'])
  })

  it('keys of the gateway last: an envelope sealed before a restart is opened after it', async () => {
    station = await openStation(party)
    const { key, gateway } = station
    await gateway.close(100)
    const { loadConfig } = await import('../../../src/config/load.js')
    const { startGateway } = await import('../../../src/cli/compose/gateway.js')
    const { silentLog } = await import('../../../src/gateway/log.js')
    const config = await loadConfig(station.directoryFile.replace('.directory', ''))
    const second = await startGateway(config, { log: silentLog, workers: 1 })
    try {
      const client = await connect({
        url: second.public.url,
        audience: config.publicUrl,
        participant: 'portal-1',
        key: (JSON.parse(await readFile(`${party.demo.directory}/keys/portal-1.private.json`, 'utf8')) as { sign: JWK }).sign,
        senders: [{ id: 'gateway', jwks: second.identity.jwks.keys }],
      })
      const { last } = await client.askAndWait({ to: WAY, recipientKey: key, document: certificateRequest() })
      expect(last.kind).to.equal('result')
    } finally {
      await second.close(100)
    }
  })

  it('an answer is logged without a word of its content, its subject or the texts of the party', async () => {
    station = await openStation(party)
    const events = await station.ask({ document: certificateRequest({ familienname: 'Kanarienvogel' }), subject: 'Kanarienbetreff' })
    expect(resultOf(events)).to.not.equal(undefined)
    const lines = station.lines.join('\n')
    for (const secret of ['Kanarien', 'reply.']) expect(lines).to.not.contain(secret)
  })
})
