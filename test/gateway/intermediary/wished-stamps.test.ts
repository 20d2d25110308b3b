// SPDX-License-Identifier: EUPL-1.2
/**
 * QualityOfTimestamp `cryptographic` at the wire: tokens of an authority on the card, and a refusal that stores nothing when it fails.
 * @module
 */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openAuthority, type OpensslAuthority } from '../../pki/openssl-authority.js'
import { keysOf, newDirectory, openThreatHouse, type ThreatHouse } from './house.js'
import { ask, delivery, errorsOf, issueId, RawDialog, type Bend } from './raw.js'

describe('wished time stamps', () => {
  let authority: OpensslAuthority
  let server: Server
  let house: ThreatHouse
  let works = true
  before(async () => {
    authority = await openAuthority()
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        if (!works) return void response.writeHead(503).end()
        void authority
          .reply(Buffer.concat(chunks), 'rsa')
          .then((bytes) => response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(bytes))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const directory = await newDirectory()
    await writeFile(join(directory, 'tsa.pem'), authority.certificates.root.toString())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`
    house = await openThreatHouse({ directory, more: `timestamping: { url: '${url}', certificates: [ tsa.pem ] }\n` })
  })
  after(async () => {
    await house.close()
    server.closeAllConnections()
    server.close()
    await authority.close()
  })

  it('P6 puts tokens of the authority on the card; without one nothing is stored (9811) and the id is free again', async () => {
    const [alice, bob, bobKeys] = [await house.client('alice', 'strict'), await house.client('bob', 'strict'), await keysOf('bob')]
    const id = await issueId(alice)
    const plain = await delivery(alice, bobKeys, id)
    const wished: Bend = {
      ...plain,
      parts: {
        ...plain.parts,
        timestamps: [
          { service: 'creation', quality: 'cryptographic' },
          { service: 'reception', quality: 'cryptographic' },
        ],
      },
    }
    works = false
    const asking = await RawDialog.open(alice)
    const rule = { order: { selectionRule: { messageIds: [id] } } }
    expect(errorsOf(await ask(alice, 'storeDelivery', wished))).to.deep.equal(['9811'])
    expect(errorsOf(await asking.ask('fetchProcessCard', rule))).to.deep.equal(['9804'])
    works = true
    expect((await ask(alice, 'storeDelivery', wished)).codes).to.deep.equal(['0800'])
    const dialog = await RawDialog.open(bob)
    await dialog.ask('fetchDelivery', { order: { selectionRule: { messageId: id } } })
    // the delivery was received whatever the authority does
    works = false
    expect((await dialog.ask('exitDialog')).codes).to.deep.equal(['0800'])
    const told = await asking.ask('fetchProcessCard', rule)
    const order = told.message?.order as { processCardBundles: { processCard: { creation: object; reception?: object } }[] }
    const card = order.processCardBundles[0]?.processCard
    expect(card?.creation).to.have.property('cryptographic')
    expect(card?.reception).to.have.property('plain')
  })
})
