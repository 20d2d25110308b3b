// SPDX-License-Identifier: EUPL-1.2
/**
 * Passive recipient: what fits into no envelope never will. Specs: product.md, Decisions, "feedback of the recipient role", "limits".
 */
import { expect } from 'chai'
import { echo, openHouse, removeDirectories } from './support.js'

const NO_ROOM = new Uint8Array(33 * 1024 * 1024 + 1)

describe('passive recipient: a delivery larger than an envelope', () => {
  after(removeDirectories)

  it('is refused as a whole, nothing is handed over, and the next one arrives', async () => {
    const house = await openHouse()
    try {
      let taken = 0
      await house.serve(async (request) => {
        taken += 1
        await echo(request)
      })
      const { desk } = house.gateway.inside.ports
      const { check } = desk
      desk.check = async (document) => ({ ...(await check(document)), reading: NO_ROOM })
      expect((await house.ride()).codes).to.deep.equal(['9805', '9811'])
      expect(taken).to.equal(0)
      expect(house.lines.findLast((line) => line.includes('"delivery"'))).to.contain('policy.too-large')
      desk.check = check
      expect((await house.ride()).codes).to.deep.equal(['0800'])
    } finally {
      await house.close()
    }
  })
})
