// SPDX-License-Identifier: EUPL-1.2
/**
 * A key that no answer can be encrypted for is refused before anything is done: whoever is told of a fault may send again.
 * @module
 */
import { expect } from 'chai'
import { generateKeyPairSync } from 'node:crypto'
import { buildDelivery, readAnswer } from '../../src/cli/compose/demo-request.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import type { OsciMessage } from '../../src/osci/types.js'
import type { KeyPair } from '../../src/pki/keystore.js'
import { issueCertificate, makePki } from '../../src/pki/test-pki.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './intermediary/house.js'
import { ask, delivery, errorsOf, issueId, RawDialog, type Bend } from './intermediary/raw.js'
import { certificateRequest, echo, openHouse, removeDirectories, type House } from './support.js'

async function smallKey(): Promise<KeyPair> {
  const times = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) }
  const { ca } = await makePki({ name: 'Small', ...times, leaves: {} })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024, publicKeyEncoding: PEM_SPKI, privateKeyEncoding: PEM_PKCS8 })
  return issueCertificate({ commonName: 'small', usage: 'cipher', ...times, keyPem: privateKey, serial: 7n }, ca)
}
const PEM_SPKI = { type: 'spki', format: 'pem' } as const
const PEM_PKCS8 = { type: 'pkcs8', format: 'pem' } as const

describe('an RSA key of less than 2048 bits for the answer', function () {
  this.timeout(60_000)
  let small: KeyPair
  let house: House | undefined
  let threats: ThreatHouse | undefined
  before(async () => {
    small = await smallKey()
  })
  after(async () => {
    await house?.close()
    await threats?.close()
    await removeDirectories()
  })

  it('of an intermediary: 9500, and the register is handed nothing', async () => {
    const h = (house = await openHouse())
    const taken: string[] = []
    await h.serve(async (request) => {
      taken.push(request.id)
      await echo(request)
    })
    const body = await buildDelivery({ document: certificateRequest() }, { ...h.demo.keys, 'intermediary-cipher': small })
    const reply = await h.post(body)
    expect((await readAnswer(new Uint8Array(await reply.arrayBuffer()), h.demo.keys)).codes).to.deep.equal(['9500'])
    expect(taken).to.deep.equal([])
    expect((await h.ride()).codes).to.deep.equal(['0800'])
  })

  it('of a client: 9500, nothing is stored or sent on, and its MessageId may be used', async () => {
    const h = (threats = await openThreatHouse())
    const alice = await h.client('alice', 'strict')
    const bob = await h.client('bob', 'strict')
    const bobKeys = await keysOf('bob')
    const weakened = (message: OsciMessage): OsciMessage => ({
      ...message,
      certificates: (message.certificates ?? []).map((one) =>
        one.role === 'CipherCertificateOriginator' ? certificateEntry(one.role, small.certificate) : one,
      ),
    })
    const bend = async (messageId: string, more: Bend = {}): Promise<Bend> => {
      const { order, parts } = await delivery(alice, bobKeys, messageId)
      return { order: { ...order, ...more.order }, ...(parts ? { parts } : {}), message: weakened }
    }
    const messageId = await issueId(alice)
    expect((await ask(alice, 'storeDelivery', await bend(messageId))).codes).to.deep.equal(['9500'])
    expect(errorsOf(await (await RawDialog.open(bob)).ask('fetchDelivery'))).to.deep.equal(['9803'])
    const onward = await bend(messageId, { order: { contentReceiver: { uri: h.receiver('good') } } })
    expect((await ask(alice, 'forwardDelivery', onward)).codes).to.deep.equal(['9500'])
    expect(h.reached).to.deep.equal([])
    expect((await ask(alice, 'storeDelivery', await delivery(alice, bobKeys, messageId))).codes).to.deep.equal(['0800'])
  })
})
