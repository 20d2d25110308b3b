// SPDX-License-Identifier: EUPL-1.2
/**
 * A sender may give what it sends the Ids that we give our own blocks. Theirs stay, ours give way: the message is read, and so is
 * whatever lies behind it in the mailbox.
 * @module
 */
import { expect } from 'chai'
import type { OsciConnection } from '../../../src/client/osci/connect.js'
import { certificateEntry } from '../../../src/osci/certificates.js'
import { OSCI } from '../../../src/osci/names.js'
import { attr, element, type XmlElement } from '../../../src/xml/tree.js'
import { keysOf, openThreatHouse, type Keys, type ThreatHouse } from './house.js'
import { ask, delivery, fetchedId, issueId, RawDialog, store } from './raw.js'
import { openPassive, passiveAnswer } from './passive.js'

const note = (id: string): XmlElement =>
  element('urn:example:note', 'n', 'Note', {
    namespaces: [{ prefix: 'n', uri: 'urn:example:note' }],
    attributes: [attr('Id', id)],
    children: ['x'],
  })

const inClear = (id: string): XmlElement => {
  const data = element(OSCI, 'osci', 'Base64Content', { attributes: [attr('Id', 'text')], children: ['eA=='] })
  const content = element(OSCI, 'osci', 'Content', { children: [data] })
  const container = element(OSCI, 'osci', 'ContentContainer', { attributes: [attr('Id', id)], children: [content] })
  return element(OSCI, 'osci', 'ContentPackage', { children: [container] })
}

describe('G2 Ids of our own blocks in what others send', function () {
  this.timeout(60_000)
  let house: ThreatHouse
  let alice: OsciConnection
  let bobKeys: Keys
  let signerId: string
  before(async () => {
    house = await openThreatHouse()
    alice = await house.client('alice', 'strict')
    bobKeys = await keysOf('bob')
    signerId = certificateEntry('SignatureCertificateIntermediary', (await keysOf('im')).signature.certificate).id
  })
  after(() => house.close())

  it('are fetched like any other, of header blocks and of contents, and block no mailbox', async () => {
    const own = ['controlblock', 'suppliersignature', 'responsetofetchdelivery', 'intermediarycertificates', 'featuredescription', signerId]
    const sent: string[] = []
    for (const id of own)
      for (const named of [{ custom: [note(id)] }, { content: inClear(id) }]) {
        const { order, parts } = await delivery(alice, bobKeys, await issueId(alice))
        const told = await ask(alice, 'storeDelivery', { ...(order ? { order } : {}), parts: { ...parts, ...named } })
        expect(told.codes, id).to.deep.equal(['0800'])
        sent.push((order as { messageId: string }).messageId)
      }
    sent.push(await store(alice, bobKeys))
    const dialog = await RawDialog.open(await house.client('bob', 'strict'))
    const got: (string | undefined)[] = []
    for (const _ of sent) got.push(fetchedId(await dialog.ask('fetchDelivery')))
    expect(got).to.deep.equal(sent)
    expect((await dialog.ask('exitDialog')).codes).to.deep.equal(['0800'])
  })

  it('reach a passive recipient, and its answer the client', async () => {
    const seen: string[] = []
    house.act = async (body, response) => {
      seen.push((await openPassive(body)).type)
      response.writeHead(200).end(Buffer.from(await passiveAnswer(body)))
    }
    for (const id of ['acceptdelivery', signerId]) {
      const { order, parts } = await delivery(alice, await keysOf('town'), await issueId(alice))
      const receiver = { contentReceiver: { uri: house.receiver('good') } }
      const told = await ask(alice, 'forwardDelivery', { order: { ...order, ...receiver }, parts: { ...parts, content: inClear(id) } })
      expect(told.codes, id).to.deep.equal(['0800'])
    }
    expect(seen).to.deep.equal(['acceptDelivery', 'acceptDelivery'])
  })
})
