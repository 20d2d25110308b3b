// SPDX-License-Identifier: EUPL-1.2
import { expect } from 'chai'
import type { EnvelopePart } from '../../src/envelope/types.js'
import { keysOf, openThreatHouse, REGISTER, type ThreatHouse } from './intermediary/house.js'
import { delivery, issueId, RawDialog } from './intermediary/raw.js'
import { openHouse, removeDirectories, type House } from './support.js'

const part = (text: string): EnvelopePart => ({
  name: 'certificates',
  mediaType: 'application/json',
  role: 'evidence',
  bytes: Buffer.from(text),
})

/** What a participant that seals its own ContentPackage may write where certificates belong, and none of it is one. */
const malformed = (der: string): readonly string[] => [
  'no json',
  '{}',
  '[null]',
  '["x"]',
  JSON.stringify([{ role: 'Note', id: 'a', der }]),
  JSON.stringify([{ role: 'a Id="b"/><c', id: 'a', der }]),
  JSON.stringify([{ role: 'CipherCertificateOtherReader', id: 'a b', der }]),
  JSON.stringify([{ role: 'CipherCertificateOtherReader', id: 'a', der: 'no Base64' }]),
  JSON.stringify(['CipherCertificateOtherReader', 'SignatureCertificateOtherAuthor'].map((role) => ({ role, id: 'a', der }))),
]

describe('certificates that a participant gives along', function () {
  this.timeout(60_000)
  let house: House | undefined
  let threats: ThreatHouse | undefined
  afterEach(async () => {
    await house?.close()
    await threats?.close()
    house = threats = undefined
  })
  after(removeDirectories)

  it('passive recipient, blind: none is sent that no reader takes: 9810+9811', async () => {
    const h = (house = await openHouse({ mode: 'blind' }))
    const der = h.demo.keys['town-reader'].certificate.raw.toString('base64')
    let given = ''
    await h.serve(async (request) => {
      await request.result({ parts: [...request.content.parts.filter((p) => p.role === 'osci'), part(given)] })
    })
    const ride = () => h.ride({ reader: h.demo.keys['portal-cipher'], signContent: false })
    for (given of malformed(der)) expect((await ride()).codes, given).to.deep.equal(['9810', '9811'])
    given = JSON.stringify([{ role: 'CipherCertificateOtherReader', id: 'a', der }])
    expect((await ride()).codes).to.deep.equal(['0800'])
  })

  it('mediateDelivery to a participant: its answer is not passed on, and nobody knows what it did: 9810', async () => {
    const h = (threats = await openThreatHouse())
    const alice = await h.client('alice', 'strict')
    const register = await h.register()
    const keys = await keysOf('register')
    const der = keys.cipher.certificate.raw.toString('base64')
    let given = ''
    const stop = new AbortController()
    const served = (async () => {
      for await (const request of register.requests(REGISTER, { signal: stop.signal }))
        await request.result({ parts: [...request.content.parts.filter((p) => p.role === 'osci'), part(given)] })
    })()
    const mediate = async () => {
      const { order, parts } = await delivery(alice, keys, await issueId(alice))
      const dialog = await RawDialog.open(alice)
      return dialog.ask('mediateDelivery', {
        order: { ...order, contentReceiver: { uri: h.receiver('participant') } },
        ...(parts ? { parts } : {}),
      })
    }
    const told: unknown[] = []
    for (given of malformed(der)) told.push((await mediate()).codes)
    expect(told).to.deep.equal(malformed(der).map(() => ['9810']))
    given = JSON.stringify([{ role: 'CipherCertificateOtherReader', id: 'a', der }])
    expect((await mediate()).codes).to.deep.equal(['0801'])
    stop.abort()
    await served
  })
})
