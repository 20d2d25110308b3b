// SPDX-License-Identifier: EUPL-1.2
/**
 * The way out, each delivery by itself: from a participant's envelope to an OSCI party made of our own roles, and back.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { OsciDelivery } from '../../../src/directory/ports.js'
import type { Received } from '../../../src/client/received.js'
import { until } from '../../until.js'
import { certificateRequest, removeDirectories, type House } from '../support.js'
import { kinds, noticeOf, openParty, openStation, resultOf, WAY, type Station, type WayOutOptions } from './support.js'

describe('way out: deliveries', function () {
  this.timeout(60_000)
  let party: House
  const seen: Received[] = []
  let station: Station | undefined
  const open = async (options: WayOutOptions): Promise<Station> => (station = await openStation(party, options))

  before(async () => {
    party = await openParty()
    await party.serve(async (request) => {
      seen.push(request)
      if (request.content.kind !== 'request') return
      await request.result({
        parts: [
          { name: 'content0', mediaType: 'text/plain', role: 'document', bytes: Buffer.from('answer') },
          { name: 'map.png', mediaType: 'image/png', role: 'attachment', bytes: Buffer.from([1, 2, 3]) },
        ],
      })
    })
  })
  afterEach(async () => {
    await station?.close()
    station = undefined
    seen.length = 0
  })
  after(async () => {
    await party.close()
    await removeDirectories()
  })

  const attachment = { name: 'plan.pdf', mediaType: 'application/pdf', role: 'attachment' as const, bytes: Buffer.from('%PDF') }

  for (const delivery of ['process', 'mediate'] as const satisfies readonly OsciDelivery[])
    it(`${delivery}: the document reaches the register unchanged, notice then result come back with the evidence`, async () => {
      const { ask, logged } = await open({ delivery })
      const document = certificateRequest()
      const events = await ask({ document, parts: [attachment], subject: 'Auskunft' })
      expect(kinds(events)).to.deep.equal(['sent', 'taken', 'notice', 'result'])
      // what an intermediary warns about (3707: no roots are configured here) comes along, the verdict last
      expect(noticeOf(events).status).to.equal('accepted')
      expect(noticeOf(events).codes.at(-1)).to.equal(delivery === 'mediate' ? '0801' : '0800')
      const [request] = seen
      expect(Buffer.from(request?.document ?? [])).to.deep.equal(Buffer.from(document))
      expect(request?.content.parts.find((p) => p.role === 'attachment')?.bytes).to.deep.equal(new Uint8Array(attachment.bytes))
      expect(request?.content.subject).to.equal('Auskunft')
      expect(request?.content.osci?.containerId).to.equal('XPROTEKTOR_DATA')
      expect(request?.content.osci?.authors?.map((a) => a.verdict)).to.deep.equal(['valid'])
      const result = resultOf(events)
      expect(result?.outcome?.status).to.equal('done')
      expect(result?.parts.map((p) => [p.role, Buffer.from(p.bytes).toString('latin1')])).to.deep.equal([
        ['document', 'answer'],
        ['attachment', '\x01\x02\x03'],
      ])
      const capital = delivery.replace(/^./, (c) => c.toUpperCase())
      expect(result?.osci).to.include({ messageType: `responseTo${capital}Delivery`, mode: 'terminating', transportEncrypted: true })
      expect(result?.osci?.messageId).to.be.a('string')
      expect(result?.osci?.authors?.map((a) => a.verdict)).to.deep.equal(['valid'])
      expect(result?.osci?.signedBy?.certificate).to.be.a('string')
      if (delivery === 'mediate') expect(result?.osci?.processCard).to.have.nested.property('request.processCard.reception')
      await until(() => logged('way-out').length > 0)
      expect(logged('way-out')[0]).to.include({
        outcome: 'done',
        role: 'wayOut',
        mode: 'terminating',
        peer: 'town',
        participant: 'portal-1',
      })
    })

  for (const delivery of ['accept', 'forward'] as const satisfies readonly OsciDelivery[])
    it(`${delivery}: one way; the notice says that the register has it, the result has no parts`, async () => {
      const { ask } = await open({ delivery })
      const events = await ask({ document: certificateRequest() })
      expect(kinds(events)).to.deep.equal(['sent', 'taken', 'notice', 'result'])
      expect(noticeOf(events).status).to.equal('accepted')
      expect(noticeOf(events).codes.at(-1)).to.equal('0800')
      expect(resultOf(events)?.parts).to.deep.equal([])
      expect(seen.map((request) => request.content.kind)).to.deep.equal(['message'])
    })

  it('store: lies in the mailbox of the intermediary until somebody fetches it', async () => {
    const { ask, logged } = await open({ delivery: 'store', cipher: 'town-cipher' })
    const events = await ask({ document: certificateRequest() })
    expect(noticeOf(events).status).to.equal('accepted')
    expect(noticeOf(events).codes.at(-1)).to.equal('0800')
    expect(resultOf(events)?.osci?.processCard).to.have.nested.property('processCard.creation')
    await until(() => logged('way-out').length > 0)
    expect(logged('way-out')[0]).to.include({ messageType: 'responseToStoreDelivery', outcome: 'done' })
  })

  it('a one-way envelope leased from its mailbox is delivered for the core when the OSCI side has confirmed it', async () => {
    const { client, key } = await open({ delivery: 'accept', mailbox: 'ttlSeconds: 10, handover: lease-and-confirm' })
    const { id } = await client.send({ to: WAY, recipientKey: key, document: certificateRequest() })
    expect((await client.outcome(id, 10))?.outcome).to.equal('delivered')
    await until(() => seen.length > 0)
    expect(seen.length).to.equal(1)
  })

  it('one document twice leaves twice and arrives once: the register refuses the second, with the reason S100', async () => {
    const { ask } = await open({ delivery: 'accept' })
    const document = certificateRequest({ uuid: randomUUID() })
    expect(noticeOf(await ask({ document })).status).to.equal('accepted')
    const second = noticeOf(await ask({ document }))
    expect(second).to.deep.equal({ status: 'rejected', codes: ['9805', '9811'] })
    expect(seen.length).to.equal(1)
  })

  it('a refusal of the OSCI side arrives with its codes and its text, and nothing of it is called unknown', async () => {
    const { ask, logged } = await open({ delivery: 'process' })
    const events = await ask({ document: Buffer.from('<x xmlns="urn:example:unknown"/>') })
    expect(kinds(events).at(-1)).to.equal('notice')
    expect(noticeOf(events)).to.deep.equal({ status: 'rejected', codes: ['9805', '9811'] })
    const last = events.at(-1)
    expect(last?.kind === 'notice' ? last.content.outcome?.reasons?.[0]?.text : '').to.contain('V000')
    await until(() => logged('way-out').length > 0)
    expect(logged('way-out')[0]).to.include({ outcome: 'refused' })
    expect(seen).to.deep.equal([])
  })

  it('what a schema of the house does not allow never leaves: X001 before anything is sent', async () => {
    const { ask } = await open({ delivery: 'process' })
    const broken = Buffer.from(Buffer.from(certificateRequest()).toString().replaceAll('zustellvariante', 'zustellart'))
    expect(noticeOf(await ask({ document: broken }))).to.deep.equal({ status: 'rejected', codes: ['X001'] })
    expect(seen).to.deep.equal([])
  })
})
