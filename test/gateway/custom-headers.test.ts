// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import type { Received } from '../../src/client/received.js'
import type { EnvelopePart } from '../../src/envelope/types.js'
import { attr, element, textOf, type XmlElement } from '../../src/xml/tree.js'
import { keysOf, openThreatHouse, REGISTER, type ThreatHouse } from './intermediary/house.js'
import { delivery, issueId, RawDialog } from './intermediary/raw.js'
import { openHouse, removeDirectories, type House } from './support.js'

const URI = 'urn:example:custom'

const block = (text: string): XmlElement =>
  element(URI, 'c', 'Note', { namespaces: [{ prefix: 'c', uri: URI }], attributes: [attr('Id', 'note')], children: [text] })

const partOf = (...blocks: readonly string[]): EnvelopePart => ({
  name: 'custom-headers',
  mediaType: 'application/json',
  role: 'evidence',
  bytes: Buffer.from(JSON.stringify(blocks.map((one) => Buffer.from(one).toString('base64')))),
})

const ANSWER = '<c:Note xmlns:c="urn:example:custom" Id="mine">back</c:Note>'
const DOCUMENT: EnvelopePart = { name: 'content0', mediaType: 'text/plain', role: 'document', bytes: Buffer.from('answer') }

/** Header blocks that a register was handed. */
function blocksIn({ content }: Received): string[] {
  const part = content.parts.find((p) => p.role === 'evidence' && p.name === 'custom-headers')
  const list = JSON.parse(Buffer.from(part?.bytes ?? Buffer.from('[]')).toString()) as string[]
  return list.map((one) => Buffer.from(one, 'base64').toString())
}

describe('header blocks of other namespaces', function () {
  this.timeout(60_000)
  let house: House | undefined
  let threats: ThreatHouse | undefined
  afterEach(async () => {
    await house?.close()
    await threats?.close()
    house = threats = undefined
  })
  after(removeDirectories)

  it('terminating: reach the register, also beside an attachment of their name; those of its answer reach the caller, signed', async () => {
    const h = (house = await openHouse())
    let seen: Received | undefined
    await h.serve(async (request) => {
      seen = request
      await request.result({ parts: [DOCUMENT, partOf(ANSWER)] })
    })
    const attachments = [{ name: 'custom-headers', bytes: Buffer.from('not this') }]
    const { codes, message } = await h.ride({ custom: [block('there')], attachments })
    expect(codes).to.deep.equal(['0800'])
    expect(seen && blocksIn(seen)).to.have.lengthOf(1)
    expect(seen && blocksIn(seen)[0]).to.contain('>there</c:Note>')
    expect(message?.custom.map((one) => [one.uri, one.local, textOf(one)])).to.deep.equal([[URI, 'Note', 'back']])
    expect(message?.evidence.signature?.covered.has(message.custom[0] ?? block(''))).to.equal(true)
  })

  it('blind: reach the register and come back from it', async () => {
    const h = (house = await openHouse({ mode: 'blind' }))
    let seen: Received | undefined
    await h.serve(async (request) => {
      seen = request
      const own = request.content.parts.filter((p) => p.role === 'osci')
      await request.result({ parts: [...own, partOf(ANSWER)] })
    })
    const { codes, message } = await h.ride({ custom: [block('there')], reader: h.demo.keys['portal-cipher'], signContent: false })
    expect(codes).to.deep.equal(['0800'])
    expect(seen && blocksIn(seen)[0]).to.contain('>there</c:Note>')
    expect(message?.custom.map((one) => textOf(one))).to.deep.equal(['back'])
  })

  it('of an answer, they never pass for the message’s own, and none is sent that no reader takes: 9810+9811', async () => {
    const h = (house = await openHouse())
    let blocks: string[] = []
    await h.serve((request) => request.result({ parts: [DOCUMENT, partOf(...blocks)] }))
    const own = 'xmlns:c="urn:example:custom"'
    for (blocks of [
      ['<o:ControlBlock xmlns:o="http://www.osci.de/2002/04/osci" Id="x"/>'],
      [`<c:Note ${own}/>`],
      [`<c:Note ${own} Id="a b"/>`],
      [`<c:Note ${own} Id="x"><c:In Id="x"/></c:Note>`],
      [`<c:Note ${own} Id="x"/>`, `<c:Note ${own} Id="y"/>`],
      [`<c:Note ${own} Id="x" xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:mustUnderstand="1"/>`],
    ])
      expect((await h.ride()).codes, blocks.join()).to.deep.equal(['9810', '9811'])
    blocks = [`<c:Note ${own} Id="body">back</c:Note>`]
    expect((await h.ride()).message?.custom.map((one) => textOf(one))).to.deep.equal(['back'])
  })

  it('mediateDelivery to a participant: reach it, and come back from it', async () => {
    const h = (threats = await openThreatHouse())
    const alice = await h.client('alice', 'strict')
    const register = await h.register()
    let seen: Received | undefined
    const served = (async () => {
      for await (const request of register.requests(REGISTER)) {
        seen = request
        const own = request.content.parts.filter((p) => p.role === 'osci')
        await request.result({ parts: [...own, partOf(ANSWER)] })
        return
      }
    })()
    const { order, parts } = await delivery(alice, await keysOf('register'), await issueId(alice))
    const dialog = await RawDialog.open(alice)
    const told = await dialog.ask('mediateDelivery', {
      order: { ...order, contentReceiver: { uri: h.receiver('participant') } },
      parts: { ...parts, custom: [block('there')] },
    })
    await served
    expect(told.codes).to.deep.equal(['0801'])
    expect(seen && blocksIn(seen)[0]).to.contain('>there</c:Note>')
    expect(told.message?.custom.map((one) => textOf(one))).to.deep.equal(['back'])
  })
})
