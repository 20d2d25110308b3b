// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import { DEMO_REGISTER } from '../../src/cli/compose/demo-kit.js'
import { writeMessageMetaData } from '../../src/osci/message-metadata.js'
import type { XmlElement } from '../../src/xml/tree.js'
import { openHouse, removeDirectories, type House } from './support.js'

const READER = 'ags:99001000'
const SERVICE = 'http://osci.de/xmeld33/xmeld33freieSuche.wsdl'

const metadata = (reader: string, service: string): XmlElement =>
  writeMessageMetaData({
    origin: '2026-11-24T09:00:00Z',
    author: 'ags:99002000',
    reader,
    messageId: 'urn:de:xta:messageid:test:1',
    inReplyTo: [],
    service,
    scenario: 'XMELD_DATA',
    messageType: 'datenabruf.freieSuche.suchanfrage.1332',
    payloadSchema: 'urn:example',
    test: true,
  })

describe('routes by MessageMetaData', function () {
  this.timeout(60_000)
  let house: House | undefined
  afterEach(async () => {
    await house?.close()
    house = undefined
  })
  after(removeDirectories)

  for (const [what, rule, named, others] of [
    ['reader', `metadataReader: '${READER}'`, [READER, 'urn:any'], [['ags:99003000', SERVICE]]],
    ['service', `metadataService: '${SERVICE}'`, ['ags:99003000', SERVICE], [[READER, 'urn:any']]],
    // prettier-ignore
    ['both', `metadataReader: '${READER}', metadataService: '${SERVICE}'`, [READER, SERVICE], [[READER, 'urn:any'], ['ags:99003000', SERVICE]]],
  ] as const) {
    it(`${what}: who is named is found, nobody else, and nobody where there are no metadata`, async () => {
      const h = (house = await openHouse({
        mode: 'blind',
        endpointOptions: `    routes: [ { ${rule}, mailbox: '${DEMO_REGISTER}' } ]`,
      }))
      let taken = 0
      await h.serve(async (request) => {
        taken++
        await request.confirm()
      })
      const ride = (custom: XmlElement[]) => h.ride({ type: 'acceptDelivery', custom })
      expect((await ride([metadata(...(named as [string, string]))])).codes).to.deep.equal(['0800'])
      expect(taken).to.equal(1)
      for (const other of [...others.map((pair) => [metadata(...(pair as readonly [string, string]))]), []]) {
        const { codes, texts } = await ride(other)
        expect(codes).to.deep.equal(['9805', '9811'])
        expect(texts[0]).to.contain('T080')
      }
      expect(taken).to.equal(1)
    })
  }
})
