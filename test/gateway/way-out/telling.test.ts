// SPDX-License-Identifier: EUPL-1.2
/**
 * What the sender hears where telling it is hard: the core refuses for a moment, or the answer has no room in an envelope.
 * @module
 */
import { expect } from 'chai'
import { CoreError } from '../../../src/core/errors.js'
import { until } from '../../until.js'
import { certificateRequest, removeDirectories, type House } from '../support.js'
import { answerTo, type AnswerSpec } from './fake-recipient.js'
import { badParty, kinds, noticeOf, openParty, openStation, resultOf, type BadParty, type Station, type WayOutOptions } from './support.js'

const document = new TextEncoder().encode('<a xmlns="urn:example:unknown"/>')

describe('way out: telling', function () {
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

  async function towards(spec: AnswerSpec, options: WayOutOptions = {}): Promise<Station> {
    bad = await badParty(async (body, response) => void response.end(await answerTo(body, party.demo.keys, spec)))
    station = await openStation(party, { uri: bad.url, ...options })
    return station
  }

  it('a notice that the core refuses for a moment does not cost the answer: the result comes, and the log says what was not heard', async () => {
    const { ask, gateway, logged } = await towards({ document })
    const { core } = gateway
    const put = core.put.bind(core)
    let replies = 0
    core.put = (envelope, reservation) =>
      envelope.to.startsWith('reply.') && ++replies === 1
        ? Promise.reject(new CoreError('quota', 'This mailbox is full.'))
        : put(envelope, reservation)
    const events = await ask({ document: certificateRequest() })
    expect(kinds(events)).to.deep.equal(['sent', 'taken', 'result'])
    expect(resultOf(events)?.parts[0]?.bytes).to.deep.equal(document)
    expect(replies).to.equal(2)
    await until(() => logged('way-out').length === 1)
    expect(logged('way-out')[0]).to.include({ outcome: 'done' })
    expect(logged('way-out-reply-lost').map(({ findings }) => findings)).to.deep.equal([['core.quota']])
  })

  it('an answer whose evidence has no room in an envelope is delivered without it', async () => {
    const { ask, logged } = await towards({ document, containerId: 'c'.repeat(201) })
    const events = await ask({ document: certificateRequest() })
    expect(kinds(events)).to.deep.equal(['sent', 'taken', 'notice', 'result'])
    expect(resultOf(events)?.parts[0]?.bytes).to.deep.equal(document)
    expect(resultOf(events)?.osci).to.equal(undefined)
    expect(logged('way-out-reply-lost')).to.deep.equal([])
  })

  it('an answer with no room in an envelope is not called accepted: 9810, and the core is told unknown', async () => {
    const { ask, logged, client } = await towards(
      { document, contents: 257, authorSignature: 'none' },
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
