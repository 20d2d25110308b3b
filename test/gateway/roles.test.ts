// SPDX-License-Identifier: EUPL-1.2
/**
 * The full matrix of threat model P3: every message of the table that is no request of the recipient role, sent as one.
 * @module
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { callerEnv, readAnswer } from '../../src/cli/compose/demo-request.js'
import { certificateEntry } from '../../src/osci/certificates.js'
import { MESSAGE_TYPES, type CertificateRole } from '../../src/osci/messages.js'
import { osci } from '../../src/osci/stages.js'
import { messageValue } from '../../tools/fixtures/values.js'
import { certificateRequest, echo, openHouse, removeDirectories, type House } from './support.js'

describe('roles', function () {
  this.timeout(30_000)
  let house: House | undefined
  before(async () => {
    house = await openHouse({ peerOptions: '    signed: optional\n    encrypted: optional' })
    await house.serve(echo)
  })
  after(async () => {
    await house?.close()
    await removeDirectories()
  })

  for (const { name } of MESSAGE_TYPES.filter((t) => t.name !== 'acceptDelivery' && t.name !== 'processDelivery'))
    it(`P3 ${name} as request ends in fault 9300 without effect`, async () => {
      if (!house) throw new Error('no house')
      const { keys } = house.demo
      const certificate = (role: CertificateRole) =>
        certificateEntry(role, keys[role.startsWith('Cipher') ? 'portal-cipher' : 'portal-author'].certificate)
      const [message] = fc.sample(messageValue(name, { certificate }), { numRuns: 1, seed: 1 })
      if (!message) throw new Error('no value')
      const bytes = await osci.seal(message, await callerEnv(keys))
      const before = house.lines.filter((l) => l.includes('"put"')).length
      const answer = await readAnswer(new Uint8Array(await (await house.post(bytes)).arrayBuffer()), keys)
      expect(answer.fault?.osciCode).to.equal('9300')
      expect(house.lines.filter((l) => l.includes('"put"')).length).to.equal(before)
    })

  it('P3 the next valid message still works', async () => {
    expect((await house?.ride({ document: certificateRequest() }))?.codes).to.deep.equal(['0800'])
  })
})
