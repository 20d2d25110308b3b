// SPDX-License-Identifier: EUPL-1.2
/**
 * Cipher certificates of ours that were renewed, in both roles: peers that go on with the former one are served, what goes out names the
 * current one alone, and the log says who has not changed yet.
 * @module
 */
import { expect } from 'chai'
import { buildDelivery, readAnswer } from '../../src/cli/compose/demo-request.js'
import type { OsciConnection } from '../../src/client/osci/connect.js'
import type { OsciMessage } from '../../src/osci/types.js'
import type { KeyPair } from '../../src/pki/keystore.js'
import { issueCertificate } from '../../src/pki/test-pki.js'
import { keysOf, openThreatHouse, type ThreatHouse } from './intermediary/house.js'
import { openPassive, passiveAnswer } from './intermediary/passive.js'
import { ask, delivery, errorsOf, issueId, RawDialog } from './intermediary/raw.js'
import { certificateRequest, echo, openHouse, removeDirectories, type House } from './support.js'

const DAY_MS = 86_400_000
const FORMER = 'policy.former-key'

/** Findings of every request since a line of the log. */
const findingsSince = (lines: readonly string[], at: number): string[] =>
  lines.slice(at).flatMap((line) => (JSON.parse(line) as { findings?: string[] }).findings ?? [])

const derOf = ({ certificates = [], intermediaryCertificates = [] }: OsciMessage, role: string): Buffer | undefined => {
  const entry = [...intermediaryCertificates, ...certificates].find((one) => one.role === role)
  return entry && Buffer.from(entry.der)
}

describe('a renewed cipher certificate', () => {
  describe('of a passive recipient', () => {
    let house: House
    let renewed: KeyPair
    before(async () => {
      const [notBefore, notAfter] = [new Date(Date.now() - DAY_MS), new Date(Date.now() + DAY_MS)]
      renewed = await issueCertificate({ commonName: 'Town, renewed', usage: 'cipher', key: 'rsa-2048', notBefore, notAfter })
      const own = (name: string): string => `{ pkcs12: keys/${name}.p12, pinFile: keys/pin }`
      house = await openHouse({
        files: {
          'renewed.key': renewed.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
          'renewed.pem': renewed.certificate.toString(),
        },
        configuration: `listen: { public: 127.0.0.1:0, admin: 127.0.0.1:0 }
dataDirectory: ./data
allowSmallOwnKeys: true
keyrings:
  town:
    cipher:        { key: renewed.key, certificate: renewed.pem }
    signature:     ${own('town-signature')}
    reader:        [ { key: renewed.key, certificate: renewed.pem } ]
    formerCiphers: [ ${own('town-cipher')}, ${own('town-reader')} ]
    author:        ${own('town-author')}
peers: [ { name: intermediary-1, signatureCertificates: [ keys/intermediary-signature.pem ] } ]
participants: [ { id: register-1, jwks: keys/register-1.json, mailboxes: [ 'ags:99001000' ] } ]
mailboxes: { 'ags:99001000': { ttlSeconds: 10 } }
endpoints:
  - { path: /osci/recipient, role: passiveRecipient, mode: terminating, keys: town, peers: [ intermediary-1 ], defaultMailbox: 'ags:99001000' }
`,
      })
      await house.serve(echo)
    })
    after(async () => {
      await house.close()
      await removeDirectories()
    })

    it('opens requests and content for the former one, and names the current one in its answer', async () => {
      const at = house.lines.length
      const { codes, message, content } = await house.ride()
      expect([codes, content === undefined]).to.deep.equal([['0800'], false])
      expect(derOf(message as OsciMessage, 'CipherCertificateOriginator')).to.deep.equal(renewed.certificate.raw)
      expect(findingsSince(house.lines, at)).to.include(FORMER)
    })

    it('says nothing of a request for the current one', async () => {
      const at = house.lines.length
      const keys = { ...house.demo.keys, 'town-cipher': renewed, 'town-reader': renewed }
      const reply = await house.post(await buildDelivery({ document: certificateRequest() }, keys))
      expect((await readAnswer(new Uint8Array(await reply.arrayBuffer()), house.demo.keys)).codes).to.deep.equal(['0800'])
      expect(findingsSince(house.lines, at)).not.to.include(FORMER)
    })
  })

  describe('of an intermediary', () => {
    let house: ThreatHouse
    let former: OsciConnection
    let current: OsciConnection
    before(async () => {
      house = await openThreatHouse()
      const [im, renewed] = [await keysOf('im'), await keysOf('renewed')]
      const intermediary = { cipherCertificate: renewed.cipher.certificate, signatureCertificates: [im.signature.certificate] }
      former = await house.client('alice', 'renewed')
      current = await house.client('alice', 'renewed', { intermediary })
    })
    after(() => house.close())

    it('takes requests for both, in one dialog as well, and says in the log whose were for the former one', async () => {
      const dialog = await RawDialog.open(former)
      const said: boolean[] = []
      for (const cipherCertificate of [former.peer.cipherCertificate, current.peer.cipherCertificate]) {
        const at = house.lines.length
        const peer = cipherCertificate ? { cipherCertificate } : {}
        expect((await dialog.ask('getMessageId', { peer })).codes).to.deep.equal(['0801'])
        said.push(findingsSince(house.lines, at).includes(FORMER))
      }
      expect(said).to.deep.equal([true, false])
      expect((await ask(current, 'getMessageId', { url: house.endpoint('strict') })).codes).to.deep.equal(['9200'])
    })

    it('calls passive recipients under the current one, also for a client that uses the former', async () => {
      let named: Buffer | undefined
      house.act = async (body, response) => {
        named = derOf(await openPassive(body), 'CipherCertificateIntermediary')
        response.end(await passiveAnswer(body, { content: 'reply' }))
      }
      const dialog = await RawDialog.open(former)
      const { parts } = await delivery(former, await keysOf('town'), undefined)
      const order = { messageId: await issueId(former), contentReceiver: { uri: house.receiver('good') } }
      const told = await dialog.ask('mediateDelivery', { order, ...(parts ? { parts } : {}) })
      expect([errorsOf(told), told.message?.content === undefined]).to.deep.equal([[], false])
      expect(named).to.deep.equal((await keysOf('renewed')).cipher.certificate.raw)
    })
  })
})
